import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, ParameterSet } from '@x/trainer-core';

import { StochasticWeightAveraging } from './index.js';

/** The averages after each of the steps 1 to 8, after which the weight is 2, 4, 8, ... */
function averages(
  options: ConstructorParameters<typeof StochasticWeightAveraging>[0],
  stepsPerEpoch?: number,
): number[] {
  const w = tf.variable(tf.scalar(1));
  const average = new StochasticWeightAveraging(options, ParameterSet.of({ w }), stepsPerEpoch);
  return Array.from({ length: 8 }, (_, i) => {
    tf.tidy(() => w.assign(tf.scalar(2 ** (i + 1))));
    average.apply(i + 1);
    return average.shadows.get('w')!.dataSync()[0]!;
  });
}

function expectAverages(received: readonly number[], expected: readonly number[]): void {
  expect(received).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(received[i]).toBeCloseTo(value, 4));
}

it('follows the weights until the start, then is the equal average of the weights of every step', () => {
  expectAverages(averages({ start: 4, unit: 'steps' }), [
    2,
    4,
    8,
    16,
    (16 + 32) / 2,
    (16 + 32 + 64) / 3,
    (16 + 32 + 64 + 128) / 4,
    (16 + 32 + 64 + 128 + 256) / 5,
  ]);
});

it('leaves out what lies between two intervals', () => {
  const options = { start: 2, interval: 3, unit: 'steps' } as const;
  expectAverages(averages(options), [2, 4, 4, 4, 18, 18, 18, (4 + 32 + 256) / 3]);
});

it('counts epochs where the steps of an epoch are known', () => {
  expect(averages({ start: 1, interval: 2 }, 2)).toEqual(averages({ start: 2, interval: 4, unit: 'steps' }));
});

it('refuses epochs of unknown length, and an average whose number is not told', () => {
  const parameters = ParameterSet.of({ w: tf.variable(tf.scalar(1)) });
  const before = tf.memory().numTensors;
  expect(() => new StochasticWeightAveraging({ start: 1 }, parameters)).toThrow(
    /unit: the data loader does not know .* unit "steps"/,
  );
  expect(() => new StochasticWeightAveraging({ start: 0 }, parameters, 10)).toThrow(ConfigError);
  expect(tf.memory().numTensors).toBe(before);
  const average = new StochasticWeightAveraging({ start: 1 }, parameters, 10);
  expect(() => average.apply()).toThrow(/expected the number of the step/);
});
