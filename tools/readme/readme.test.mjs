// Does what the README says: writes its files into an empty folder, type-checks and runs them, and tries its commands in
// their order. Packages are found as built, so their build comes first.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { publicPackages, root } from '../lib/workspace.mjs';
import { commandLines, fencedBlocks } from './blocks.mjs';
import { doCommand } from './shell-line.mjs';

const markdown = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
const blocks = fencedBlocks(markdown);
const runs = path.join(root, 'packages', 'examples', 'runs');

describe('README.md', () => {
  let folder;
  before(() => {
    fs.mkdirSync(runs, { recursive: true });
    folder = fs.mkdtempSync(path.join(runs, 'readme-'));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  test('has no code that would not be tried', () => {
    for (const { language, line, file } of blocks) {
      assert.ok(language === 'sh' || file !== null, `line ${line}: the block starts with the name of its file`);
    }
  });

  for (const { language, line, file, code } of blocks) {
    if (file !== null) {
      test(`line ${line}: ${file}`, () => {
        const target = path.join(folder, file);
        fs.mkdirSync(path.dirname(target), { recursive: true });
        fs.writeFileSync(target, code);
      });
    } else if (language === 'sh') {
      test(`line ${line}: ${code.trim().replaceAll('\n', '; ')}`, () => {
        let cwd = folder;
        for (const { command, prints } of commandLines(code)) cwd = doCommand(command, { cwd, prints });
      });
    }
  }

  test('runs every TypeScript program that it shows, by a command', () => {
    const commands = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => commandLines(code));
    const configs = blocks.filter(({ language }) => language === 'json5').map(({ code }) => code);
    for (const { file } of blocks.filter(({ language }) => language === 'ts')) {
      const compiled = file.replace(/\.ts$/, '.js');
      const isUsed =
        commands.some(({ command }) => command === `node ${compiled}`) ||
        configs.some((config) => config.includes(`'./${compiled}'`));
      assert.ok(isUsed, `${file} is run by a command, or listed in a config`);
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
