import * as tf from '@tensorflow/tfjs-core';
import type { RuleInput } from '@x/trainer-core';

import { norm } from './norm.js';

/** The coefficients of every iteration by name; how many there are decides how many iterations a program makes. */
export function newtonSchulzCoefficients(
  [a, b, c]: readonly [number, number, number],
  steps: number,
): Record<string, number> {
  const iterations = Array.from({ length: steps }, (_, i) => [
    [`a${i}`, a],
    [`b${i}`, b],
    [`c${i}`, c],
  ]);
  return Object.fromEntries(iterations.flat() as [string, number][]);
}

/**
 * A matrix with the singular vectors of `matrix` and singular values near 1: the quintic Newton-Schulz iteration
 * ```text
 * X = matrix / max(|matrix|, smallestNorm)
 * X = a X + (b X X' + c (X X')^2) X         several times
 * ```
 */
export function newtonSchulz(matrix: tf.Tensor2D, coefficients: RuleInput['coefficients']): tf.Tensor2D {
  const isTall = matrix.shape[0] > matrix.shape[1];
  let steps = 0;
  while (coefficients[`a${steps}`] !== undefined) steps++;
  return tf.tidy(() => {
    const scaled = tf.div(matrix, tf.maximum(norm(matrix), coefficients['smallestNorm']!));
    // the smaller of the two Gram matrices
    const x = iterated(isTall ? tf.transpose(scaled) : scaled, steps, coefficients);
    return (isTall ? tf.transpose(x) : x) as tf.Tensor2D;
  });
}

/** X after that many iterations. Each is tidied around the one before it, so that one X is alive at a time. */
function iterated(start: tf.Tensor, steps: number, c: RuleInput['coefficients']): tf.Tensor {
  if (steps === 0) return start;
  return tf.tidy(() => {
    const i = steps - 1;
    const x = iterated(start, i, c);
    const factor = tf.tidy(() => {
      const gram = tf.matMul(x, x, false, true);
      return tf.add(tf.mul(gram, c[`b${i}`]!), tf.mul(tf.matMul(gram, gram), c[`c${i}`]!));
    });
    return tf.add(tf.mul(x, c[`a${i}`]!), tf.matMul(factor, x));
  });
}
