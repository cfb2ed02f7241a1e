import * as tf from '@tensorflow/tfjs-core';

import type { RandomKey } from '../contracts/engine.js';
import { combine, normals, uniforms } from './counter.js';

/** Random tensors inside a step. The n-th call in a step gets the n-th site, so that a step is a function of its key. */
export interface StepRandom {
  /** Uniform in [0, 1), float32. */
  uniform(shape: readonly number[]): tf.Tensor;
  /** Mean 0, standard deviation 1, float32. */
  normal(shape: readonly number[]): tf.Tensor;
}

/** Random numbers made on the host, as the eager engine has them. */
export function hostRandom({ seed, step, microBatch }: RandomKey): StepRandom {
  let site = 0;
  const nextKey = (): number => combine(seed, step, microBatch, site++);
  const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);
  return {
    uniform: (shape) => tf.tensor(uniforms(nextKey(), sizeOf(shape)), [...shape]),
    normal: (shape) => tf.tensor(normals(nextKey(), sizeOf(shape)), [...shape]),
  };
}

let current: StepRandom | undefined;
let outsideCalls = 0;

/** Runs part of a step whose random tensors come from `random`. Synchronous: engines call it around a program. */
export function withStepRandom<R>(random: StepRandom, run: () => R): R {
  const outer = current;
  current = random;
  try {
    return run();
  } finally {
    current = outer;
  }
}

function source(): StepRandom {
  return current ?? hostRandom({ seed: 0, step: outsideCalls++, microBatch: 0 });
}

/** Uniform in [`low`, `high`), float32. Reproducible inside a step; use it in `forward` instead of tfjs's own. */
export function randomUniform(shape: readonly number[], low = 0, high = 1): tf.Tensor {
  return tf.tidy(() => tf.add(tf.mul(source().uniform(shape), high - low), low));
}

/** Normal with a mean and a standard deviation, float32. Reproducible inside a step. */
export function randomNormal(shape: readonly number[], mean = 0, standardDeviation = 1): tf.Tensor {
  return tf.tidy(() => tf.add(tf.mul(source().normal(shape), standardDeviation), mean));
}

/**
 * Sets each element to 0 with probability `rate` and divides the others by 1 - `rate` (Srivastava et al., 2014, in its
 * inverted form). Call it in training only.
 *
 * @param rate in [0, 1); 0 returns the input's values.
 * @param noiseShape broadcasts against the input: 1 where one draw covers a whole dimension. Default: the input's shape.
 */
export function dropout<T extends tf.Tensor>(x: T, rate: number, noiseShape: readonly number[] = x.shape): T {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`dropout needs a rate in [0, 1), received ${rate}`);
  if (rate === 0) return tf.clone(x);
  return tf.tidy(() => {
    const kept = tf.cast(tf.greaterEqual(source().uniform(noiseShape), rate), 'float32');
    return tf.mul<T>(x, tf.div(kept, 1 - rate));
  });
}
