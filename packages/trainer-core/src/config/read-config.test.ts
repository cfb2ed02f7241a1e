import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readConfig } from './read-config.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'read-config-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test.each([
  ['a.json', '{ "trainer": { "numEpochs": 3 } }'],
  ['a.json5', '{ trainer: { numEpochs: 3, }, } // the end'],
  ['a.yaml', 'trainer:\n  numEpochs: 3\n'],
  ['a.yml', 'base: &base\n  numEpochs: 3\ntrainer:\n  <<: *base\n'],
  ['plain.jsonnet', "// a comment\n{ trainer: { 'numEpochs': 3, }, }"],
  ['bom.json', '\uFEFF{ "trainer": { "numEpochs": 3 } }'],
])('%s is read', async (name, text) => {
  expect(await readConfig(await file(name, text))).toMatchObject({ trainer: { numEpochs: 3 } });
});

test.each([
  ['broken.json5', '{\n  trainer: {\n', /cannot be parsed at line 3, column 1: invalid end of input/],
  ['broken.yaml', 'trainer:\n  a: [1\n', /cannot be parsed at line \d+, column \d+: /],
  ['twice.yaml', 'a: 1\na: 2\n', /line 2.*unique/],
  ['list.json', '[1]', /should hold an object, but holds a list \[1\]/],
  ['empty.yaml', '', /should hold an object, but holds nothing/],
  ['a.toml', '', /\.json, \.json5, \.yaml, \.yml/],
])('%s is refused with the place', async (name, text, message) => {
  const path = await file(name, text);
  await expect(readConfig(path)).rejects.toMatchObject({ name: 'ConfigError', code: 'X_CONFIG_FILE', source: path });
  await expect(readConfig(path)).rejects.toThrow(message);
});

test('a missing file and a folder are refused', async () => {
  await expect(readConfig(join(folder, 'none.json'))).rejects.toThrow(/has a problem:\n {2}the file does not exist/);
  await expect(readConfig(join(folder, '..'))).rejects.toMatchObject({ code: 'X_CONFIG_FILE' });
});
