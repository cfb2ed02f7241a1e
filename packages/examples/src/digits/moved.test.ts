import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { withStepRandom } from '@x/trainer-core';
import type { StepRandom } from '@x/trainer-core';

import { moved } from './moved.js';

/** The places of the first axis, then those of the second, for two images. */
function drawing(...places: number[][]): StepRandom {
  const never = (): never => {
    throw new RangeError('only uniform numbers are drawn');
  };
  return { uniform: () => tf.tensor4d(places.shift()!, [2, 1, 1, 1]), normal: never, number: never };
}

const image = [
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
];

test('each image is moved by itself along both axes, and zeros come in', () => {
  const before = tf.memory().numTensors;
  const images = tf.tidy(() => tf.reshape<tf.Rank.R4>(tf.tensor([image, image]), [2, 3, 3, 1]));
  // of three places, the numbers in [0, 1) take the first, the one in the middle, and the last
  const random = drawing([0.1, 0.5], [0.5, 0.9]);
  const result = tf.tidy(() =>
    tf.squeeze(
      withStepRandom(random, () => moved(images, 1)),
      [3],
    ),
  );
  expect(result.arraySync()).toEqual([
    [
      [0, 0, 0],
      [1, 2, 3],
      [4, 5, 6],
    ],
    [
      [2, 3, 0],
      [5, 6, 0],
      [8, 9, 0],
    ],
  ]);
  tf.dispose([images, result]);
  expect(tf.memory().numTensors).toBe(before);
});

test('by no pixel, nothing is drawn', () => {
  const images = tf.zeros<tf.Rank.R4>([1, 3, 3, 1]);
  expect(moved(images, 0)).toBe(images);
  images.dispose();
});
