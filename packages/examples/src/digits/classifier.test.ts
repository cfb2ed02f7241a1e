import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { RandomStreams } from '@x/trainer-core';

import { DigitClassifier, DigitClassifierOptions } from './classifier.js';

const { dropout, shift } = DigitClassifierOptions.parse({});
const options = { channels: [2, 3], hidden: 4, dropout, shift, metrics: [] };

test('images become logits, and with labels a loss', () => {
  const before = tf.memory().numTensors;
  const model = new DigitClassifier(options, new RandomStreams(1));
  expect(Object.entries(model.namedVariables()).map(([name, { shape }]) => [name, shape])).toEqual([
    ['conv0.weight', [3, 3, 1, 2]],
    ['conv0.bias', [2]],
    ['conv1.weight', [3, 3, 2, 3]],
    ['conv1.bias', [3]],
    ['hidden.weight', [7 * 7 * 3, 4]],
    ['hidden.bias', [4]],
    ['out.weight', [4, 10]],
    ['out.bias', [10]],
  ]);
  const batch = { image: tf.ones([2, 784]), label: tf.tensor1d([3, 7], 'int32') };
  const { logits, loss } = tf.tidy(() => model.forward(batch, { training: false }));
  expect(logits!.shape).toEqual([2, 10]);
  const [row] = (logits as tf.Tensor2D).arraySync();
  const sum = row!.reduce((total, value) => total + Math.exp(value), 0);
  const probabilities = [3, 7].map((label) => Math.exp(row![label]!) / sum);
  expect(loss!.dataSync()[0]).toBeCloseTo(-(Math.log(probabilities[0]!) + Math.log(probabilities[1]!)) / 2, 5);
  const again = tf.tidy(() => model.forward({ image: batch.image }, { training: false }));
  expect(Object.keys(again)).toEqual(['logits']);
  expect(again['logits']!.arraySync()).toEqual(logits!.arraySync());
  tf.dispose([batch, logits!, loss!, again, model.namedVariables()]);
  expect(tf.memory().numTensors).toBe(before);
});
