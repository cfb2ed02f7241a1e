import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

import { measure } from './__fixtures__/measure.js';
import { MeanAbsoluteError } from './mean-absolute-error.js';

afterEach(() => {
  expect(tf.memory().numTensors).toBe(0);
});

// scikit-learn's documentation of mean_absolute_error: these values give 0.5
const predictions = (): tf.Tensor => tf.tensor2d([[2.5], [0], [2], [8]]);
const labels = (): tf.Tensor => tf.tensor1d([3, -0.5, 2, 7]);

test('is the mean of the absolute differences', async () => {
  const values = await measure(new MeanAbsoluteError(), { predictions: predictions() }, { labels: labels() });
  expect(values).toEqual({ mean_absolute_error: 0.5 });
});

test('leaves out what the mask says', async () => {
  const metric = new MeanAbsoluteError({ mask: 'mask', name: 'mae' });
  const batch = { labels: labels(), mask: tf.tensor1d([1, 0, 0, 1]) };
  expect(await measure(metric, { predictions: predictions() }, batch)).toEqual({ mae: 0.75 });
});

test('refuses shapes that would be broadcast', async () => {
  const batch = { labels: tf.zeros([1, 4]) };
  await expect(measure(new MeanAbsoluteError(), { predictions: predictions() }, batch)).rejects.toThrow(
    '"labels" has the shape [1, 4]; expected that of "predictions", [4, 1]',
  );
});
