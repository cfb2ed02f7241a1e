import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bestWeightsIn } from './best-weights.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'best-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it('nothing is pointed to in a folder without a pointer', () => {
  expect(bestWeightsIn(folder)).toBeNull();
});

it('without a pointer they are the file that older releases wrote, if it is there', () => {
  writeFileSync(join(folder, 'best.safetensors'), '');
  expect(bestWeightsIn(folder)).toBe('best.safetensors');
});

it.each([
  ['{ "checkpoint": "checkpoints/epoch_3" }', 'checkpoints/epoch_3/model_state.safetensors'],
  ['{"weights":"weights.safetensors"}', 'weights.safetensors'],
])('%s points to %s', (text, file) => {
  writeFileSync(join(folder, 'best.json'), text);
  expect(bestWeightsIn(folder)).toBe(file);
});

it.each(['', 'null', '{}', '{"checkpoint":3}', '{"weights":"../other"}', '{"checkpoint":"/etc"}'])(
  '%j is damage, which names the file',
  (text) => {
    writeFileSync(join(folder, 'best.json'), text);
    expect(() => bestWeightsIn(folder)).toThrow(
      expect.objectContaining({
        code: 'X_CHECKPOINT_CORRUPT',
        message: expect.stringContaining(join(folder, 'best.json')),
      }),
    );
  },
);

it('a pointer that cannot be read says so', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => bestWeightsIn(join(folder, 'file'))).toThrow(expect.objectContaining({ code: 'X_CHECKPOINT' }));
});
