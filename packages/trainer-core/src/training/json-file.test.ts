import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writeJson } from './json-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'json-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('indents by two, ends with a line break, and spells the numbers that JSON lacks', async () => {
  const path = join(folder, 'metrics.json');
  await writeJson(path, { epoch: 1, loss: Number.NaN, best: [Number.POSITIVE_INFINITY], text: 'NaN', none: null });
  expect(readFileSync(path, 'utf8')).toBe(
    '{\n  "epoch": 1,\n  "loss": "NaN",\n  "best": [\n    "Infinity"\n  ],\n  "text": "NaN",\n  "none": null\n}\n',
  );
  expect(readdirSync(folder)).toEqual(['metrics.json']);
});

it.each([
  ['cannot be written as JSON', { value: 1n }, (): void => undefined],
  ['cannot be written to the disk', {}, (path: string): void => void mkdirSync(`${path}.tmp`)],
])('a file stays as it was where the new one %s', async (_, value, prepare) => {
  const path = join(folder, 'metrics.json');
  await writeJson(path, { epoch: 1 });
  prepare(path);
  await expect(writeJson(path, value)).rejects.toThrow();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ epoch: 1 });
});

it('what the system refuses is an error with the path, and leaves nothing beside the file', async () => {
  const path = join(folder, 'metrics.json');
  mkdirSync(path);
  await expect(writeJson(path, {})).rejects.toMatchObject({
    code: 'X_DIR_NOT_WRITABLE',
    message: expect.stringMatching(/metrics\.json could not be written: \w+/) as string,
    cause: { code: 'EISDIR' },
  });
  expect(readdirSync(folder)).toEqual(['metrics.json']);
});
