import * as tf from '@tensorflow/tfjs-core';
import type { Coefficients, RuleInput, RuleOutput } from '@x/trainer-core';

import { momentCoefficients } from './adam-moments.js';
import type { MomentHyperparameters } from './adam-moments.js';

/** The factors of one step of the rule below; `stepSize` carries both bias corrections. */
export function lazyAdamCoefficients({ lr, betas, eps }: MomentHyperparameters, step: number): Coefficients {
  const [beta1, beta2] = betas;
  return {
    ...momentCoefficients(betas),
    stepSize: (lr * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step),
    eps,
  };
}

/**
 * Adam on the rows that a row-sparse gradient touches; the others keep their value and their moments, also where momentum
 * would carry them. k counts the updates of the whole parameter.
 * ```text
 * m = m + (1 - beta1) * (g - m)
 * v = v + (1 - beta2) * (g^2 - v)
 * p = p - lr * sqrt(1 - beta2^k) / (1 - beta1^k) * m / (sqrt(v) + eps)
 * ```
 */
export function lazyAdamStep(
  { gradient, parameter, slots, coefficients: c }: RuleInput,
  touchedRows: tf.Tensor,
): RuleOutput {
  const towards = (before: tf.Tensor, value: tf.Tensor, share: tf.Scalar): tf.Tensor =>
    tf.add(before, tf.mul(tf.sub(value, before), tf.mul(touchedRows, share)));
  const expAvg = towards(slots['expAvg']!, gradient, c['fresh1']!);
  const expAvgSq = towards(slots['expAvgSq']!, tf.square(gradient), c['fresh2']!);
  const direction = tf.div(expAvg, tf.add(tf.sqrt(expAvgSq), c['eps']!));
  return {
    parameter: tf.sub(parameter, tf.mul(direction, tf.mul(touchedRows, c['stepSize']!))),
    slots: { expAvg, expAvgSq },
  };
}
