import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

import { measure } from './__fixtures__/measure.js';
import { BooleanAccuracy } from './boolean-accuracy.js';

afterEach(() => {
  expect(tf.memory().numTensors).toBe(0);
});

test('a row is right if all of its elements are', async () => {
  const logits = tf.tensor2d([
    [0.9, 0.1],
    [0.9, 0.6],
    [0.2, 0.5],
  ]);
  const labels = tf.tensor2d([
    [1, 0],
    [1, 0],
    [0, 0],
  ]);
  expect(await measure(new BooleanAccuracy(), { logits }, { labels })).toEqual({ boolean_accuracy: 2 / 3 });
});

test('logits are compared with a threshold of 0', async () => {
  const metric = new BooleanAccuracy({ threshold: 0, name: 'accuracy' });
  const labels = tf.tensor1d([true, true, false, false], 'bool');
  expect(await measure(metric, { logits: tf.tensor2d([[0.1], [-2], [-1], [0]]) }, { labels })).toEqual({
    accuracy: 3 / 4,
  });
});

test('what the mask leaves out is not looked at, nor are rows of which nothing is left', async () => {
  const logits = tf.tensor2d([
    [0.9, 0.9],
    [0.9, 0.9],
    [0.1, 0.1],
  ]);
  const batch = {
    labels: tf.tensor2d([
      [1, 0],
      [1, 0],
      [1, 1],
    ]),
    mask: tf.tensor2d([
      [1, 0],
      [1, 1],
      [0, 0],
    ]),
  };
  expect(await measure(new BooleanAccuracy({ mask: 'mask' }), { logits }, batch)).toEqual({ boolean_accuracy: 1 / 2 });
});

test('labels of another shape are refused', async () => {
  const batch = { labels: tf.zeros([2, 3]) };
  await expect(measure(new BooleanAccuracy(), { logits: tf.zeros([3, 2]) }, batch)).rejects.toThrow(
    '"labels" has the shape [2, 3]; expected that of "logits", [3, 2]',
  );
});
