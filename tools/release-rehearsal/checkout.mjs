import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { sh } from '../lib/shell.mjs';
import { root } from '../lib/workspace.mjs';

/** A copy of the working tree, as a repository of its own: what is rehearsed may change versions and change logs. */
export function copyCheckout(folder) {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const files = listed
    .toString()
    .split('\0')
    .filter((file) => file !== '' && fs.existsSync(path.join(root, file)));
  for (const file of files) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.copyFileSync(path.join(root, file), path.join(folder, file));
  }
  // `changeset version` asks git which commit added a change set
  const git = (...args) =>
    sh('git', ['-c', 'user.name=rehearsal', '-c', 'user.email=rehearsal@localhost', ...args], { cwd: folder });
  git('init', '--quiet', '--initial-branch', 'main');
  git('add', '--all');
  git('commit', '--quiet', '--no-verify', '--message', 'Rehearsal');
  sh('npm', ['ci', '--prefer-offline'], { cwd: folder });
  return `${files.length} files`;
}
