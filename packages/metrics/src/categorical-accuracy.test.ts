import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

import { measure } from './__fixtures__/measure.js';
import { CategoricalAccuracy } from './categorical-accuracy.js';

// the best class of each row: 1, 0, 2, 1; the second best: 2, 1, 0, 0
const rows = [
  [0.1, 0.6, 0.3],
  [0.5, 0.4, 0.1],
  [0.3, 0.1, 0.6],
  [0.3, 0.5, 0.2],
];
const logits = (): tf.Tensor => tf.tensor2d(rows);

afterEach(() => {
  expect(tf.memory().numTensors).toBe(0);
});

test('is the share of labels that are the best class', async () => {
  const labels = tf.tensor1d([1, 1, 2, 0], 'int32');
  expect(await measure(new CategoricalAccuracy(), { logits: logits() }, { labels })).toEqual({ accuracy: 2 / 4 });
});

test('counts labels among the best k', async () => {
  const labels = tf.tensor1d([1, 1, 1, 0], 'int32');
  const metric = new CategoricalAccuracy({ topK: 2 });
  expect(await measure(metric, { logits: logits() }, { labels })).toEqual({ accuracy_top2: 3 / 4 });
});

test('takes one-hot labels, and labels [batch, 1]', async () => {
  const hot = tf.tensor2d([
    [0, 1, 0],
    [1, 0, 0],
    [1, 0, 0],
    [1, 0, 0],
  ]);
  const column = tf.tensor2d([[1], [0], [0], [0]]);
  expect(await measure(new CategoricalAccuracy(), { logits: logits() }, { labels: hot })).toEqual({ accuracy: 0.5 });
  expect(await measure(new CategoricalAccuracy(), { logits: logits() }, { labels: column })).toEqual({ accuracy: 0.5 });
});

test('counts positions of sequences that the mask leaves in', async () => {
  const batch = {
    tags: tf.tensor2d(
      [
        [1, 0],
        [2, 0],
      ],
      [2, 2],
      'int32',
    ),
    tokensMask: tf.tensor2d([
      [1, 1],
      [1, 0],
    ]),
  };
  const metric = new CategoricalAccuracy({
    predictions: 'scores',
    labels: 'tags',
    mask: 'tokensMask',
    name: 'tagging',
  });
  const scores = tf.tensor3d(rows.flat(), [2, 2, 3]);
  expect(await measure(metric, { scores }, batch)).toEqual({ tagging: 1 });
});

test('a mask [batch] leaves out whole sequences', async () => {
  const batch = {
    labels: tf.tensor2d(
      [
        [1, 0],
        [0, 0],
      ],
      [2, 2],
      'int32',
    ),
    mask: tf.tensor1d([1, 0]),
  };
  const metric = new CategoricalAccuracy({ mask: 'mask' });
  expect(await measure(metric, { logits: tf.tensor3d(rows.flat(), [2, 2, 3]) }, batch)).toEqual({ accuracy: 1 });
});

test('of equal scores the lower class goes first', async () => {
  const tied = (): tf.Tensor =>
    tf.tensor2d([
      [0.5, 0.5],
      [0.5, 0.5],
    ]);
  const labels = tf.tensor1d([0, 1], 'int32');
  expect(await measure(new CategoricalAccuracy(), { logits: tied() }, { labels })).toEqual({ accuracy: 0.5 });
});

test.each([
  ['a NaN score', [[NaN, 1]], 0],
  ['a NaN among the others', [[1, NaN]], 0],
  ['a label that is no class', [[1, 0]], -1],
  ['a label beyond the classes', [[1, 0]], 2],
])('%s is never right', async (_name, scores, label) => {
  const labels = tf.tensor1d([label], 'int32');
  expect(await measure(new CategoricalAccuracy(), { logits: tf.tensor2d(scores) }, { labels })).toEqual({
    accuracy: 0,
  });
});

test.each([
  [[3], '"labels" has the shape [3]; expected class numbers [4] or one-hot rows [4, 3]'],
  [[4, 2], '"labels" has the shape [4, 2]'],
])('labels of the shape %p are refused', async (shape, message) => {
  const labels = tf.zeros(shape);
  await expect(measure(new CategoricalAccuracy(), { logits: logits() }, { labels })).rejects.toThrow(message);
});

test('a mask of another shape is refused', async () => {
  const batch = { labels: tf.tensor1d([1, 1, 2, 0]), mask: tf.ones([2]) };
  await expect(measure(new CategoricalAccuracy({ mask: 'mask' }), { logits: logits() }, batch)).rejects.toThrow(
    'the mask "mask" has the shape [2]; expected [4], or its first dimensions',
  );
});

test('an entry of the batch that is no tensor is refused', async () => {
  const outputs = { logits: logits() };
  await expect(new CategoricalAccuracy().update(outputs, { labels: ['a'] })).rejects.toMatchObject({
    code: 'X_DATA_INVALID',
  });
  tf.dispose(outputs);
});
