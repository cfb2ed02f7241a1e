import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { readJson, root } from '../lib/workspace.mjs';

/**
 * Does one command of a README in a folder, and returns the folder that the next one is done in. Programs are run; what
 * would install, publish or take minutes is checked instead: the packages and scripts that it names must exist.
 */
export function doCommand(command, { cwd, prints }) {
  for (const [pattern, act] of RULES) {
    const match = pattern.exec(command);
    if (match !== null) return act(cwd, match, prints) ?? cwd;
  }
  assert.fail(`there is no rule for how to try "${command}"`);
}

const RULES = [
  [/^cd (\S+)$/, (cwd, [, folder]) => path.join(cwd, folder)],
  [/^npm install (?:--save-dev )?(.+)$/, (_, [, names]) => names.split(' ').forEach(packageExists)],
  [/^npm ci && npm (?:run )?(\S+)$/, (_, [, script]) => scriptExists(root, script)],
  [/^npm run (\S+)$/, (_, [, script]) => scriptExists(root, script)],
  [/^npm test$/, (cwd, _, prints) => runs(cwd, scriptExists(cwd, 'test'), prints)],
  [/^npm publish$/, (cwd) => canBePublished(cwd)],
  [/^npx (\S+)(.*)$/, (cwd, [, bin, rest], prints) => runs(cwd, `"${installedBin(bin)}"${rest}`, prints)],
  [/^node .+$/, (cwd, [line], prints) => runs(cwd, line, prints)],
];

function packageExists(name) {
  assert.ok(fs.existsSync(path.join(root, 'node_modules', name, 'package.json')), `there is no package ${name}`);
}

function scriptExists(folder, name) {
  const { scripts = {} } = readJson(path.join(folder, 'package.json'));
  assert.ok(scripts[name], `package.json has no script "${name}"`);
  return scripts[name];
}

function installedBin(name) {
  const bin = path.join(root, 'node_modules', '.bin', name);
  assert.ok(fs.existsSync(bin), `no installed package has a program "${name}"`);
  return bin;
}

/** Every file that the manifest publishes and exports is there, and it may be published. */
function canBePublished(folder) {
  const { name, version, files, exports, private: isPrivate } = readJson(path.join(folder, 'package.json'));
  assert.ok(name && version && !isPrivate, `${folder} can be published`);
  for (const file of [...files, exports]) assert.ok(fs.existsSync(path.join(folder, file)), `${name} has ${file}`);
}

function runs(cwd, line, prints) {
  // Set by the runner of this test, and would make a `node --test` inside report to it.
  const env = { ...process.env };
  delete env.NODE_TEST_CONTEXT;
  const { status, stdout, stderr } = spawnSync(line, { cwd, env, shell: true, encoding: 'utf8' });
  assert.equal(status, 0, `${line} ended with ${status}:\n${stdout}${stderr}`);
  if (prints !== null) assert.ok(stdout.includes(prints), `${line} printed no "${prints}":\n${stdout}${stderr}`);
}
