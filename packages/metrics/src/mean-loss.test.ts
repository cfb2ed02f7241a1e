import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

import { measure } from './__fixtures__/measure.js';
import { MeanLoss } from './mean-loss.js';

afterEach(() => {
  expect(tf.memory().numTensors).toBe(0);
});

test('batches count by their number of examples', async () => {
  const metric = new MeanLoss();
  await measure(metric, { loss: tf.scalar(1) }, { x: tf.zeros([3, 2]) });
  expect(await measure(metric, { loss: tf.scalar(5) }, { x: tf.zeros([1, 2]) })).toEqual({
    mean_loss: (3 * 1 + 1 * 5) / 4,
  });
});

test('a batch without tensors counts as one example', async () => {
  const metric = new MeanLoss({ loss: 'nll', name: 'mean_nll' });
  await measure(metric, { nll: tf.scalar(1) }, {});
  expect(await measure(metric, { nll: tf.scalar(5) }, {})).toEqual({ mean_nll: 3 });
});
