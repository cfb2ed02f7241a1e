import * as tf from '@tensorflow/tfjs-core';
import type { Coefficients, InitialSlot, RuleInput } from '@x/trainer-core';
import { z } from 'zod';

import { decayRate, rootEps } from './optimizer-options.js';
import { runningAverage } from './running-average.js';

/** The hyperparameters of the moments. */
export const momentFields = {
  betas: z
    .tuple([decayRate, decayRate])
    .default([0.9, 0.999])
    .describe('Decay rates of the running averages of the gradient and of its square'),
  eps: rootEps(1e-8),
} as const;

/** The hyperparameters that Adam and AdamW share. */
export const adamFields = {
  ...momentFields,
  amsgrad: z.boolean().default(false).describe('Divides by the largest second moment so far (Reddi et al., 2018)'),
} as const;

/** What an optimizer with moments has of them, and its learning rate. */
export type MomentHyperparameters = z.output<z.ZodObject<typeof momentFields>> & { readonly lr: number };

/** The slots of the moments. */
export const MOMENT_SLOTS: Readonly<Record<string, InitialSlot>> = { expAvg: 0, expAvgSq: 0 };

/** The slot that amsgrad needs besides. */
export const AMSGRAD_SLOT: Readonly<Record<string, InitialSlot>> = { maxExpAvgSq: 0 };

/** The slots of Adam and AdamW. */
export function adamSlots({ amsgrad }: { readonly amsgrad: boolean }): Readonly<Record<string, InitialSlot>> {
  return amsgrad ? { ...MOMENT_SLOTS, ...AMSGRAD_SLOT } : MOMENT_SLOTS;
}

/** The decay rates of the moments, and the shares of what is new. */
export function momentCoefficients([beta1, beta2]: readonly [number, number]): Record<string, number> {
  return { beta1, fresh1: 1 - beta1, beta2, fresh2: 1 - beta2 };
}

/** The factors of one step of Adam; `stepSize` and `rootCorrection` carry the bias corrections. */
export function adamCoefficients({ lr, betas, eps }: MomentHyperparameters, step: number): Coefficients {
  const [beta1, beta2] = betas;
  return {
    ...momentCoefficients(betas),
    stepSize: lr / (1 - beta1 ** step),
    rootCorrection: Math.sqrt(1 - beta2 ** step),
    eps,
  };
}

/**
 * The running averages of the gradient and of its square:
 * ```text
 * m = beta1 * m + (1 - beta1) * g
 * v = beta2 * v + (1 - beta2) * g^2
 * ```
 */
export function moments(
  gradient: tf.Tensor,
  slots: RuleInput['slots'],
  c: RuleInput['coefficients'],
): { expAvg: tf.Tensor; expAvgSq: tf.Tensor } {
  return {
    expAvg: runningAverage(slots['expAvg']!, gradient, c['beta1']!, c['fresh1']!),
    expAvgSq: runningAverage(slots['expAvgSq']!, tf.square(gradient), c['beta2']!, c['fresh2']!),
  };
}

/**
 * One step of Adam (amsgrad: the largest v so far divides):
 * ```text
 * m, v = moments(g)
 * p = p - lr / (1 - beta1^k) * m / (sqrt(v) / sqrt(1 - beta2^k) + eps)
 * ```
 */
export function adamStep(
  parameter: tf.Tensor,
  gradient: tf.Tensor,
  slots: RuleInput['slots'],
  c: RuleInput['coefficients'],
): { parameter: tf.Tensor; slots: Record<string, tf.Tensor> } {
  const { expAvg, expAvgSq } = moments(gradient, slots, c);
  const largest = slots['maxExpAvgSq'] === undefined ? undefined : tf.maximum(slots['maxExpAvgSq'], expAvgSq);
  const root = tf.add(tf.div(tf.sqrt(largest ?? expAvgSq), c['rootCorrection']!), c['eps']!);
  return {
    parameter: tf.sub(parameter, tf.mul(tf.div(expAvg, root), c['stepSize']!)),
    slots: { expAvg, expAvgSq, ...(largest === undefined ? {} : { maxExpAvgSq: largest }) },
  };
}
