import '@tensorflow/tfjs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs-core';

import { readWeights, writeWeights } from './weights.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'weights-'))));
afterEach(() => rm(folder, { recursive: true }));

test('weights are written to a file and read from it', async () => {
  const path = join(folder, 'exported', 'weights.safetensors');
  const weights = { w: tf.tensor2d([[1, 2]]), b: tf.scalar(3) };
  await writeWeights(path, weights);
  const read = await readWeights(path);
  expect(read['w']!.arraySync()).toEqual([[1, 2]]);
  expect(read['b']!.arraySync()).toBe(3);
  expect(await readdir(join(folder, 'exported'))).toEqual(['weights.safetensors']);
  tf.dispose([weights, read]);
});

test('a missing and a damaged file are told apart', async () => {
  const path = join(folder, 'weights.safetensors');
  await expect(readWeights(path)).rejects.toMatchObject({ code: 'X_CHECKPOINT' });
  await writeFile(path, 'not weights');
  await expect(readWeights(path)).rejects.toMatchObject({
    code: 'X_CHECKPOINT_CORRUPT',
    message: expect.stringContaining(path),
  });
});
