import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { publicPackages, readJson, root, workspacePackages } from './lib/workspace.mjs';

const TOP_LEVEL = [
  '.changeset',
  '.ci',
  '.dependency-cruiser.cjs',
  '.github',
  '.gitignore',
  '.npmrc',
  '.prettierignore',
  '.prettierrc.json',
  'LICENSE',
  'README.md',
  'nx.json',
  'package-lock.json',
  'package.json',
  'packages',
  'tools',
  'tsconfig.base.json',
];

test('the top level of the repository holds exactly what it should', () => {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const top = files
    .toString()
    .split('\0')
    .filter((file) => file !== '' && fs.existsSync(path.join(root, file)))
    .map((file) => file.split('/')[0]);
  assert.deepEqual([...new Set(top)].sort(), TOP_LEVEL);
});

test('every package says in a README what it is', () => {
  for (const { folder, name } of workspacePackages()) {
    assert.ok(fs.readFileSync(path.join(folder, 'README.md'), 'utf8').startsWith(`# ${name}\n`), name);
  }
});

test('every public package carries the licence', () => {
  const licence = fs.readFileSync(path.join(root, 'LICENSE'), 'utf8');
  for (const { folder, name } of publicPackages()) {
    assert.equal(fs.readFileSync(path.join(folder, 'LICENSE'), 'utf8'), licence, name);
  }
});

test('all packages are ES modules for the same Node versions as the repository', () => {
  const { engines } = readJson(path.join(root, 'package.json'));
  for (const { manifest, name } of publicPackages()) {
    assert.equal(manifest.type, 'module', name);
    assert.deepEqual(manifest.engines, engines, name);
  }
});

test('whoever installs a plugin has one trainer-core, one tfjs-core and one container', () => {
  const shared = ['@x/trainer-core', '@tensorflow/tfjs-core', 'tsyringe', 'reflect-metadata'];
  for (const { manifest, name } of publicPackages()) {
    for (const dependency of shared.filter((dependency) => dependency !== name)) {
      assert.ok(manifest.peerDependencies[dependency], `${name} has ${dependency} as a peer`);
      assert.ok(!manifest.dependencies?.[dependency], `${name} does not bring its own ${dependency}`);
    }
  }
});

test('npm runs no script of a package here, whichever npm it is', () => {
  const npmrc = fs.readFileSync(path.join(root, '.npmrc'), 'utf8').split('\n');
  assert.ok(npmrc.includes('ignore-scripts=true'), 'npm 10 does not know allowScripts');
});
