import * as tf from '@tensorflow/tfjs-core';

import { lowerings } from '../index.js';
import type { KernelAttributes } from '../lowering.js';
import { expectClose, lowered, onCpu, random, randomInts } from './against-cpu.js';
import type { KernelInputs, Result } from './against-cpu.js';

export type TestType = 'float32' | 'int32' | 'bool';

/** Shapes that broadcast: alike, by rank, on both sides, one element, and none. */
export const BROADCASTS: readonly (readonly [a: number[], b: number[]])[] = [
  [
    [4, 3],
    [4, 3],
  ],
  [[4, 3], [3]],
  [[3], [2, 1, 3]],
  [
    [5, 1],
    [1, 7],
  ],
  [[], [2, 3]],
  [[1], []],
  [[0, 3], [3]],
  [
    [2, 3],
    [0, 1, 1],
  ],
];

/** Random elements: from -4 to 4, whole ones from -20 to 20. */
export function sample(dtype: TestType, shape: number[], seed = 1): tf.Tensor {
  return tf.tidy(() => {
    if (dtype === 'float32') return random(shape, seed, -4, 4);
    const numbers = tf.sub(randomInts(shape, 41, seed), tf.scalar(20, 'int32'));
    return dtype === 'int32' ? numbers : tf.greater(numbers, tf.scalar(0, 'int32'));
  });
}

export function whole(...numbers: number[]): tf.Tensor {
  return tf.tensor1d(numbers, 'int32');
}

/** What the lowering of a kernel computes on ONNX Runtime. */
export function compiled(kernel: string, inputs: KernelInputs, attributes: KernelAttributes = {}): Result[] {
  return lowered(lowerings[kernel]!, inputs, attributes);
}

/** Asserts that a kernel compiled is the kernel on tfjs's cpu backend. */
export function expectAgreement(
  kernel: string,
  inputs: KernelInputs,
  attributes: KernelAttributes = {},
  tolerance = 2e-6,
): void {
  expectClose(compiled(kernel, inputs, attributes), onCpu(kernel, inputs, attributes), tolerance);
}

/** The largest error of each element relative to itself. */
export function expectRelative(actual: Result, expected: readonly number[], tolerance = 2e-6): void {
  expect(actual.data).toHaveLength(expected.length);
  for (const [i, x] of expected.entries()) {
    const y = actual.data[i]!;
    const same = Object.is(x, y) || x === y;
    if (!same && !(Math.abs(y - x) <= tolerance * Math.abs(x))) throw new Error(`element ${i}: ${y}, expected ${x}`);
  }
}
