// Does what the README says: writes its files into an empty folder, and tries its commands there in their order, so that the
// files are type-checked and run. Packages are found as built, so their build comes first.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { publicPackages, root } from '../lib/workspace.mjs';
import { commandLines, fencedBlocks } from './blocks.mjs';
import { doCommand } from './shell-line.mjs';

const markdown = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
const blocks = fencedBlocks(markdown);
const files = blocks.filter(({ file }) => file !== null);
const commands = blocks.filter(({ file, language }) => file === null && language === 'sh');
const runs = path.join(root, 'packages', 'examples', 'runs');

describe('README.md', () => {
  let folder;
  before(() => {
    fs.mkdirSync(runs, { recursive: true });
    folder = fs.mkdtempSync(path.join(runs, 'readme-'));
    for (const { file, code } of files) {
      fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      fs.writeFileSync(path.join(folder, file), code);
    }
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  test('has no code that would not be tried', () => {
    for (const { line } of blocks.filter((block) => !files.includes(block) && !commands.includes(block))) {
      assert.fail(`line ${line}: the block is no shell commands, and does not start with the name of its file`);
    }
  });

  // All files are there from the start, so that compiling them once is enough.
  const compiled = new Set();
  for (const { line, code } of commands) {
    test(`line ${line}: ${code.trim().replaceAll('\n', '; ')}`, () => {
      let cwd = folder;
      for (const { command, prints } of commandLines(code)) {
        if (compiled.has(command)) continue;
        if (command === 'npx tsc') compiled.add(command);
        cwd = doCommand(command, { cwd, prints });
      }
    });
  }

  test('uses every program that it shows: a command runs it, or the config lists it', () => {
    const used = [...commands, ...files.filter(({ language }) => language === 'json5')]
      .map(({ code }) => code)
      .join('\n');
    for (const { file } of files.filter(({ language }) => language === 'ts')) {
      const program = file.replace(/\.ts$/, '.js');
      assert.ok(used.includes(`node ${program}`) || used.includes(`'./${program}'`), file);
    }
  });

  test('links to files that exist', () => {
    for (const [, target] of markdown.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      assert.ok(fs.existsSync(path.join(root, target)), target);
    }
  });

  test('lists every public package', () => {
    for (const { name } of publicPackages()) assert.ok(markdown.includes(`| [\`${name}\`](`), name);
  });
});
