import * as tf from '@tensorflow/tfjs-core';
import type { RuleInput } from '@x/trainer-core';

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
  const norm = tf.sqrt(tf.sum(tf.square(matrix)));
  let x: tf.Tensor = tf.div(matrix, tf.maximum(norm, coefficients['smallestNorm']!));
  // the smaller of the two Gram matrices
  if (isTall) x = tf.transpose(x);
  for (let i = 0; coefficients[`a${i}`] !== undefined; i++) {
    const gram = tf.matMul(x, x, false, true);
    const factor = tf.add(tf.mul(gram, coefficients[`b${i}`]!), tf.mul(tf.matMul(gram, gram), coefficients[`c${i}`]!));
    x = tf.add(tf.mul(x, coefficients[`a${i}`]!), tf.matMul(factor, x));
  }
  return (isTall ? tf.transpose(x) : x) as tf.Tensor2D;
}
