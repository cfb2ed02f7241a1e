import * as tf from '@tensorflow/tfjs-core';

import type { StepRandom } from './step-random.js';

type Shape = readonly number[];

/** Uniform in [`low`, `high`), float32. */
export function uniform(random: StepRandom, shape: Shape, low: number, high: number): tf.Tensor {
  return tf.tidy(() => affine(random.uniform(shape), high - low, low));
}

/** Whole numbers from `low` up to but not `high`, int32. At most 2^24 different ones: those of a float32. */
export function wholeUniform(random: StepRandom, shape: Shape, low: number, high: number): tf.Tensor {
  return tf.tidy(() => {
    const first = Math.floor(low);
    const steps = tf.floor(affine(random.uniform(shape), high - low, low - first));
    // the product is rounded to float32, and may be rounded to `high` itself
    const below = tf.minimum(steps, Math.max(Math.ceil(high) - 1 - first, 0));
    return tf.add(tf.cast(below, 'int32'), tf.scalar(first, 'int32'));
  });
}

/** Normal with a mean and a standard deviation, float32. */
export function normal(random: StepRandom, shape: Shape, mean: number, standardDeviation: number): tf.Tensor {
  return tf.tidy(() => affine(random.normal(shape), standardDeviation, mean));
}

/** erf(sqrt(2)): the share of a normal distribution within two standard deviations. */
const WITHIN_TWO = 0.9544997361036416;

/**
 * The inverse of the error function in single precision, for arguments of at most 0.9966 in magnitude: the central
 * polynomial of M. Giles, "Approximating the erfinv function" (2010), highest power first.
 */
const ERFINV = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
  2.46640727e-1, 1.50140941,
] as const;

/** Normal, without what is more than two standard deviations from the mean, float32. One uniform number an element. */
export function truncatedNormal(random: StepRandom, shape: Shape, mean: number, standardDeviation: number): tf.Tensor {
  return tf.tidy(() => {
    const y = affine(random.uniform(shape), 2 * WITHIN_TWO, -WITHIN_TWO);
    const w = tf.sub(tf.neg(tf.log(tf.mul(tf.sub(1, y), tf.add(1, y)))), 2.5);
    const [highest, ...others] = ERFINV;
    const polynomial = others.reduce<tf.Tensor>((sum, power) => tf.add(tf.mul(sum, w), power), tf.scalar(highest));
    const standard = tf.clipByValue(tf.mul(tf.mul(y, polynomial), Math.SQRT2), -2, 2);
    return affine(standard, standardDeviation, mean);
  });
}

/**
 * Outcomes by the inverse of their cumulated probabilities, int32 of shape [rows, samples].
 *
 * @param logits of shape [rows, outcomes]; probabilities where `normalized`.
 */
export function multinomial(random: StepRandom, logits: tf.Tensor, samples: number, normalized: boolean): tf.Tensor {
  return tf.tidy(() => {
    const [rows, outcomes] = logits.shape as [number, number];
    const probabilities = normalized ? logits : tf.softmax(logits);
    // the last outcome has what rounding left of the others
    const bounds = tf.slice(tf.cumsum(probabilities, 1), [0, 0], [rows, outcomes - 1]);
    const drawn = tf.reshape(random.uniform([rows, samples]), [rows, samples, 1]);
    const passed = tf.greaterEqual(drawn, tf.reshape(bounds, [rows, 1, outcomes - 1]));
    return tf.sum(tf.cast(passed, 'int32'), 2);
  });
}

function affine(x: tf.Tensor, scale: number, shift: number): tf.Tensor {
  const scaled = scale === 1 ? x : tf.mul(x, scale);
  return shift === 0 ? scaled : tf.add(scaled, shift);
}
