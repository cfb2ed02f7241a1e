import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

import { measure } from './__fixtures__/measure.js';
import { F1 } from './f1.js';

/** Scores whose best classes are the given ones. */
const scoresOf = (predicted: readonly number[], classes: number): tf.Tensor =>
  tf.tensor2d(predicted.map((best) => Array.from({ length: classes }, (_, index) => (index === best ? 1 : 0))));

const ids = (labels: readonly number[]): tf.Tensor => tf.tensor1d([...labels], 'int32');

afterEach(() => {
  expect(tf.memory().numTensors).toBe(0);
});

// the example in scikit-learn's documentation of f1_score: macro 0.26..., micro 0.33...
const truth = [0, 1, 2, 0, 1, 2];
const guess = [0, 2, 1, 0, 0, 1];

test('macro is the mean over classes', async () => {
  const values = await measure(new F1({ average: 'macro' }), { logits: scoresOf(guess, 3) }, { labels: ids(truth) });
  // class 0: precision 2/3, recall 1, f1 0.8; classes 1 and 2: 0
  expect(values['precision']).toBeCloseTo(2 / 9, 12);
  expect(values['recall']).toBeCloseTo(1 / 3, 12);
  expect(values['f1']).toBeCloseTo(0.8 / 3, 12);
});

test('macro leaves out classes that are neither a label nor a prediction', async () => {
  const values = await measure(new F1({ average: 'macro' }), { logits: scoresOf(guess, 5) }, { labels: ids(truth) });
  expect(values['f1']).toBeCloseTo(0.8 / 3, 12);
});

test('micro adds up the counts of all classes', async () => {
  const values = await measure(new F1({ average: 'micro' }), { logits: scoresOf(guess, 3) }, { labels: ids(truth) });
  expect(values).toEqual({ precision: 2 / 6, recall: 2 / 6, f1: 2 / 6 });
});

test('one class against the others', async () => {
  const metric = new F1({ positiveLabel: 1, name: 'spam' });
  // found 2 of 3, and 1 that is none
  const logits = scoresOf([1, 1, 0, 1, 0], 2);
  expect(await measure(metric, { logits }, { labels: ids([1, 1, 1, 0, 0]) })).toEqual({
    spam_precision: 2 / 3,
    spam_recall: 2 / 3,
    spam_f1: 2 / 3,
  });
});

test('with a threshold, predictions are one score a position', async () => {
  const metric = new F1({ positiveLabel: 1, threshold: 0.5 });
  const logits = tf.tensor2d([[0.9], [0.4], [0.8], [0.1]]);
  expect(await measure(metric, { logits }, { labels: ids([1, 1, 0, 0]) })).toEqual({
    precision: 0.5,
    recall: 0.5,
    f1: 0.5,
  });
});

test('what the mask leaves out counts nowhere, even a label that is no class', async () => {
  const batch = { labels: ids([1, -100, 0]), mask: tf.tensor1d([1, 0, 1]) };
  const values = await measure(new F1({ positiveLabel: 1, mask: 'mask' }), { logits: scoresOf([1, 1, 0], 2) }, batch);
  expect(values).toEqual({ precision: 1, recall: 1, f1: 1 });
});

test('a label that is no class is an error, and nothing of its batch is counted', async () => {
  const metric = new F1({ average: 'micro' });
  await expect(measure(metric, { logits: scoresOf([1, 1], 2) }, { labels: ids([1, 2]) })).rejects.toThrow(
    'f1: "labels" has the value 2; expected a class from 0 to 1',
  );
  expect(metric.sums()).toEqual({});
});

test.each([{}, { positiveLabel: 1, average: 'micro' as const }])('%p does not say what to measure', (options) => {
  expect(() => new F1(options)).toThrow('needs either positiveLabel (one class against the others) or average');
});

test.each([
  [{ average: 'micro' as const }, [4], '"logits" has the shape [4]; expected class scores in the last dimension'],
  [{ positiveLabel: 1, threshold: 0.5 }, [3, 1], '"labels" has the shape [4]; expected that of "logits", [3, 1]'],
])('%j with predictions of the shape %p is refused', async (options, shape, message) => {
  const batch = { labels: ids([0, 1, 0, 1]) };
  await expect(measure(new F1(options), { logits: tf.zeros(shape) }, batch)).rejects.toThrow(message);
});
