import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Instance } from '@x/trainer-core';

import { JsonlReader } from './jsonl-reader.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jsonl-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(text: string): Promise<Instance[]> {
  const path = join(folder, 'data.jsonl');
  await writeFile(path, text);
  const instances: Instance[] = [];
  for await (const instance of new JsonlReader().read(path)) instances.push(instance);
  return instances;
}

test.each([
  ['{"x":1}\n{"x":2}\n', [{ x: 1 }, { x: 2 }]],
  ['\uFEFF{"x":"\u00e4"}\r\n\r\n  \n{"x":"b"}', [{ x: '\u00e4' }, { x: 'b' }]],
  ['', []],
])('%j', async (text, instances) => {
  expect(await read(text)).toEqual(instances);
});

test.each([
  ['{"x":1}\n\n{"x":', 'data.jsonl:3: this line is no JSON'],
  ['[1]', 'data.jsonl:1: expected a JSON object with a value per field, received [1]'],
])('%j is refused', async (text, message) => {
  await expect(read(text)).rejects.toMatchObject({ code: 'X_DATA_INVALID', message: expect.stringContaining(message) });
});

test('a file that is not there is named', async () => {
  const items = new JsonlReader().read(join(folder, 'missing.jsonl'));
  await expect(items.next()).rejects.toThrow(/missing\.jsonl does not exist; correct the path/);
});
