import * as tf from '@tensorflow/tfjs-core';

import type { RandomKey } from '../contracts/engine.js';
import { readState } from '../state/state-dict.js';
import type { Stateful } from '../state/state-dict.js';
import { combine, normals, uniformAt, uniforms } from './counter.js';
import { normal, uniform } from './distributions.js';
import { drawTfjsFrom } from './tfjs-random.js';

/**
 * Random numbers inside a step. The n-th tensor drawn in a step gets the n-th site, so that a step is a function of its
 * key; numbers of the host have a sequence of their own.
 */
export interface StepRandom {
  /** Uniform in [0, 1), float32. */
  uniform(shape: readonly number[]): tf.Tensor;
  /** Mean 0, standard deviation 1, float32. */
  normal(shape: readonly number[]): tf.Tensor;
  /** The next number of the host, in [0, 1): what `Math.random` gives inside the step. */
  number(): number;
  /**
   * Called before a number of the host goes to something that cannot be a tensor of the step, so that an engine which
   * would keep the number for all steps can refuse by an error.
   *
   * @param what the operation, such as `tf.randomGamma` or `Math.random()`.
   */
  unrecognised?(what: string): void;
}

/** The site of the host's numbers: after all that a step can have. */
const HOST_SITE = 0xffffffff;

/** Random numbers made on the host, as the eager engine has them. */
export function hostRandom({ seed, step, microBatch }: RandomKey): StepRandom {
  let site = 0;
  let numbers = 0;
  const nextKey = (): number => combine(seed, step, microBatch, site++);
  const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);
  return {
    uniform: (shape) => tf.tensor(uniforms(nextKey(), sizeOf(shape)), [...shape]),
    normal: (shape) => tf.tensor(normals(nextKey(), sizeOf(shape)), [...shape]),
    number: () => uniformAt(combine(seed, step, microBatch, HOST_SITE), numbers++),
  };
}

let current: StepRandom | undefined;
let outsideCalls = 0;

/**
 * Runs part of a step whose random numbers come from `random`: also those of tfjs's own operations that are given no
 * seed, and of `Math.random`. Synchronous: engines call it around a program.
 */
export function withStepRandom<R>(random: StepRandom, run: () => R): R {
  const outer = current;
  current = random;
  try {
    return drawTfjsFrom(random, run);
  } finally {
    current = outer;
  }
}

/** How many numbers were asked for outside of steps, as by callbacks: the key of the next ones. One count for a process. */
export const drawsOutsideSteps: Stateful = {
  stateDict: () => ({ calls: outsideCalls }),
  loadStateDict: (state) => {
    outsideCalls = readState(state, 'calls', 'number');
  },
};

function source(): StepRandom {
  return current ?? hostRandom({ seed: 0, step: outsideCalls++, microBatch: 0 });
}

/** Uniform in [`low`, `high`), float32. Reproducible inside a step. */
export function randomUniform(shape: readonly number[], low = 0, high = 1): tf.Tensor {
  return uniform(source(), shape, low, high);
}

/** Normal with a mean and a standard deviation, float32. Reproducible inside a step. */
export function randomNormal(shape: readonly number[], mean = 0, standardDeviation = 1): tf.Tensor {
  return normal(source(), shape, mean, standardDeviation);
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
    // written as tfjs writes it, so that both drop the same elements for the same numbers, rounding included
    const kept = tf.floor(tf.add(source().uniform(noiseShape), 1 - rate));
    return tf.mul<T>(x, tf.div(kept, 1 - rate));
  });
}
