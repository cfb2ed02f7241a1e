import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { lineBatches, LineModel } from '../__fixtures__/small-run.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import type { ModelLike } from '../contracts/model.js';
import { DataError } from '../errors.js';
import { BatchList } from './batch-list.js';
import { evaluateModel } from './evaluate.js';

const w = tf.tidy(() => tf.variable(tf.scalar(2)));

/** Puts out what a batch says, times w = 2. */
const echo: ModelLike = {
  namedVariables: () => ({ w }),
  forward: (batch: Batch): Outputs =>
    Object.fromEntries(Object.entries(batch).map(([name, value]) => [name, tf.mul(w, value as number)])),
};

const evaluate = (batches: readonly Batch[], batchWeightKey?: string): ReturnType<typeof evaluateModel> =>
  evaluateModel(echo, new BatchList(batches), batchWeightKey === undefined ? {} : { batchWeightKey });

it('the loss is the mean over batches', async () => {
  expect(await evaluate([{ loss: 1 }, { loss: 2 }, { loss: 6 }])).toEqual({ loss: 6 });
});

it('or the mean weighted by an output', async () => {
  // (2 x 2 + 6 x 8) / (2 + 6)
  const batches = [
    { loss: 1, n: 1 },
    { loss: 4, n: 3 },
  ];
  expect(await evaluate(batches, 'n')).toEqual({ loss: 6.5 });
});

it('there is none where no batch has one', async () => {
  expect(await evaluate([{ other: 1 }])).toEqual({});
});

it.each<[string, Batch[], string | undefined, RegExp]>([
  ['some batches without a loss', [{ loss: 1 }, { other: 1 }], undefined, /a loss for 1 of 2 batches/],
  ['a weight that is not there', [{ loss: 1 }], 'n', /batchWeightKey is "n", but the model puts out loss/],
  ['no batch', [], undefined, /no batch to evaluate/],
])('%s: one clear error, and no tensor is left', async (_, batches, key, message) => {
  const before = tf.memory().numTensors;
  const error: unknown = await evaluate(batches, key).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(DataError);
  expect((error as Error).message).toMatch(message);
  expect(tf.memory().numTensors).toBe(before);
});

it('gives the model’s metrics, counted from zero each time, draws no dropout and leaves no tensor', async () => {
  const model = new LineModel(0.9);
  const loader = new BatchList(lineBatches(1));
  const before = tf.memory().numTensors;
  // x = [[0, 1], [1, -1]], y = [0, 4]; w = [0.5, -0.25], b = 0: predictions -0.25 and 0.75
  const expected = { error: (0.25 + 3.25) / 2, loss: (0.25 ** 2 + 3.25 ** 2) / 2 };
  for (let time = 0; time < 2; time++) expect(await evaluateModel(model, loader)).toEqual(expected);
  expect(tf.memory().numTensors).toBe(before);
});
