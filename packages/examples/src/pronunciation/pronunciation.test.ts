import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs';
import dataPlugin from '@x/data';
import metricsPlugin from '@x/metrics';
import optimPlugin from '@x/optim';
import { trainFromConfig } from '@x/trainer-core';

import { baselineAccuracy } from './baseline.js';
import { lstm } from './lstm.js';
import pronunciation from './plugin.js';
import { Pronunciations } from './reader.js';

test('words have a phoneme for each letter, and word families stay in one split', () => {
  const reader = new Pronunciations({ share: 1, seed: 13370 });
  const splits = ['train', 'validation', 'test'].map((split) => reader.words(split));
  const words = splits.flat();
  expect(words.find(({ word }) => word === 'BRANDON')?.phonemes).toEqual(['B', 'R', 'AE', 'N', 'D', 'AH', 'N']);
  expect(words.some(({ word }) => word === 'MUIR')).toBe(false); // M Y UH R: a consonant at a vowel
  const families = splits.map((split) => new Set(split.map(({ word }) => word.slice(0, 4))));
  expect(families.reduce((sum, { size }) => sum + size, 0)).toBe(
    new Set(families.flatMap((family) => [...family])).size,
  );
});

test('the baseline gives each letter its commonest phoneme', () => {
  const train = [
    { word: 'CAT', phonemes: ['K', 'AE', 'T'] },
    { word: 'CC', phonemes: ['K', 'S'] },
  ];
  expect(baselineAccuracy(train, [{ word: 'TACC', phonemes: ['T', 'AH', 'K', 'K'] }])).toBe(3 / 4);
});

test.each([false, true])('the LSTM is that of tfjs (backwards: %s)', async (backwards) => {
  const kernel = tf.randomNormal([3, 8], 0, 1, 'float32', 1);
  const recurrent = tf.randomNormal([2, 8], 0, 1, 'float32', 2);
  const bias = tf.randomNormal([8], 0, 1, 'float32', 3);
  const inputs = tf.randomNormal<tf.Rank.R3>([2, 4, 3], 0, 1, 'float32', 4);
  const layer = tf.layers.lstm({
    units: 2,
    recurrentActivation: 'sigmoid',
    returnSequences: true,
    goBackwards: backwards,
    inputShape: [4, 3],
  });
  const stock = tf.sequential({ layers: [layer] });
  stock.setWeights([kernel, recurrent, bias]);
  const expected = stock.predict(inputs) as tf.Tensor;
  const actual = lstm(inputs, tf.ones([2, 4]), { kernel, recurrent, bias }, { backwards });
  // tfjs leaves the states of a backward pass in the order of its steps
  const difference = tf.sub(actual, backwards ? tf.reverse(expected, 1) : expected);
  expect((await tf.max(tf.abs(difference)).data())[0]).toBeLessThan(1e-6);
});

test('padding changes no state of the LSTM', async () => {
  const weights = { kernel: tf.ones([1, 4]), recurrent: tf.ones([1, 4]), bias: tf.zeros([4]) };
  for (const backwards of [false, true]) {
    const short = lstm(tf.tensor3d([[[1], [2]]]), tf.ones([1, 2]), weights, { backwards });
    const padded = lstm(tf.tensor3d([[[1], [2], [9]]]), tf.tensor2d([[1, 1, 0]]), weights, { backwards });
    const states = await tf.slice(padded, [0, 0, 0], [1, 2, 1]).data();
    expect([...states]).toEqual([...(await short.data())]);
  }
});

test('a tagger learns from a config', async () => {
  const { metrics, dispose } = await trainFromConfig(
    {
      datasetReader: { type: 'pronunciations', share: 0.002 },
      trainDataPath: 'train',
      testDataPath: 'test',
      evaluateOnTest: true,
      model: {
        type: 'letter_tagger',
        units: 8,
        metrics: [{ type: 'categorical_accuracy', labels: 'phonemes', mask: 'lettersMask' }],
      },
      dataLoader: {
        batchSampler: { type: 'bucket', batchSize: 16, sortingKeys: ['letters'] },
        fields: { letters: { mask: true } },
      },
      trainer: { numEpochs: 8, optimizer: { type: 'adamw', lr: 0.03 } },
    },
    { plugins: [pronunciation, dataPlugin, metricsPlugin, optimPlugin] },
  );
  dispose();
  expect(metrics['training_loss']).toBeLessThan(Math.log(39)); // that of a guess
  expect(metrics['training_accuracy']).toBeGreaterThan(0.2); // the commonest phoneme makes 0.1
}, 30_000);
