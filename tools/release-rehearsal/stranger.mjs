import fs from 'node:fs';
import path from 'node:path';
import { sh } from '../lib/shell.mjs';
import { readJson, root } from '../lib/workspace.mjs';

/** What the author of a plugin does in the plugin's own folder: `npm install`, `npm test`, `npm publish`. */
export function publishPlugin(folder, env) {
  sh('npm', ['install'], { cwd: folder, env });
  sh('npm', ['test'], { cwd: folder, env });
  sh('npm', ['publish', '--access', 'public'], { cwd: folder, env });
  const { name, version } = readJson(path.join(folder, 'package.json'));
  return `${name} ${version}`;
}

/** What a user does in an empty folder: installs everything by name, lists the plugin in a config, and trains. */
export function usePlugin(folder, pluginFolder, env) {
  const { name: plugin } = readJson(path.join(pluginFolder, 'package.json'));
  const tfjs = readJson(path.join(root, 'package.json')).devDependencies['@tensorflow/tfjs'];
  fs.cpSync(path.join(import.meta.dirname, 'project'), folder, { recursive: true });
  const ours = ['cli', 'trainer-core', 'optim', 'data'].map((name) => `@x/${name}`);
  sh('npm', ['install', ...ours, plugin, `@tensorflow/tfjs@${tfjs}`], { cwd: folder, env });
  sh('npx', ['--no-install', 'x-train', 'train', 'config.json5', '--serialization-dir', 'run'], { cwd: folder, env });

  const file = path.join(folder, 'run', 'history.jsonl');
  const lines = fs
    .readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  if (lines.length !== 3) throw new Error(`${file} has ${lines.length} lines, expected one for each of the 3 epochs`);
  return `${plugin} wrote ${lines.length} lines`;
}
