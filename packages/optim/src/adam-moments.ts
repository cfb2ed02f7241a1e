import * as tf from '@tensorflow/tfjs-core';
import type { Coefficients, RuleInput } from '@x/trainer-core';
import { z } from 'zod';

import { decayRate } from './optimizer-options.js';

/** The hyperparameters that Adam and its variants share. */
export const adamFields = {
  betas: z
    .tuple([decayRate, decayRate])
    .default([0.9, 0.999])
    .describe('Decay rates of the running averages of the gradient and of its square'),
  eps: z.number().nonnegative().default(1e-8).describe('Added to the root, against division by zero'),
  amsgrad: z.boolean().default(false).describe('Divides by the largest second moment so far (Reddi et al., 2018)'),
} as const;

export interface AdamHyperparameters {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly amsgrad: boolean;
}

/** The slots of the moments. */
export function adamSlots({ amsgrad }: AdamHyperparameters): Readonly<Record<string, number>> {
  return amsgrad ? { expAvg: 0, expAvgSq: 0, maxExpAvgSq: 0 } : { expAvg: 0, expAvgSq: 0 };
}

/** The factors of one step of the moments; `stepSize` and `rootCorrection` carry the bias corrections. */
export function adamCoefficients({ lr, betas: [beta1, beta2], eps }: AdamHyperparameters, step: number): Coefficients {
  return {
    beta1,
    fresh1: 1 - beta1,
    beta2,
    fresh2: 1 - beta2,
    stepSize: lr / (1 - beta1 ** step),
    rootCorrection: Math.sqrt(1 - beta2 ** step),
    eps,
  };
}

/**
 * One step of the moments:
 * ```text
 * m = beta1 * m + (1 - beta1) * g
 * v = beta2 * v + (1 - beta2) * g^2         (amsgrad: the largest v so far divides)
 * p = p - lr / (1 - beta1^k) * m / (sqrt(v) / sqrt(1 - beta2^k) + eps)
 * ```
 */
export function adamStep(
  parameter: tf.Tensor,
  gradient: tf.Tensor,
  slots: RuleInput['slots'],
  c: RuleInput['coefficients'],
): { parameter: tf.Tensor; slots: Record<string, tf.Tensor> } {
  const expAvg = tf.add(tf.mul(slots['expAvg']!, c['beta1']!), tf.mul(gradient, c['fresh1']!));
  const expAvgSq = tf.add(tf.mul(slots['expAvgSq']!, c['beta2']!), tf.mul(tf.square(gradient), c['fresh2']!));
  const largest = slots['maxExpAvgSq'] === undefined ? undefined : tf.maximum(slots['maxExpAvgSq'], expAvgSq);
  const root = tf.add(tf.div(tf.sqrt(largest ?? expAvgSq), c['rootCorrection']!), c['eps']!);
  return {
    parameter: tf.sub(parameter, tf.mul(tf.div(expAvg, root), c['stepSize']!)),
    slots: { expAvg, expAvgSq, ...(largest === undefined ? {} : { maxExpAvgSq: largest }) },
  };
}
