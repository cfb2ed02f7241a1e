import * as tf from '@tensorflow/tfjs-core';
import { inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, InitialSlot, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import { z } from 'zod';

import { momentCoefficients, momentFields } from './adam-moments.js';
import { learningRate, optimizerOptions } from './optimizer-options.js';
import { runningAverage } from './running-average.js';
import { l2WeightDecay, penalized, unlessZero } from './weight-decay.js';

export const AdamaxOptions = optimizerOptions({
  lr: learningRate.default(2e-3).describe('Learning rate'),
  ...momentFields,
  weightDecay: l2WeightDecay,
});

export type AdamaxOptions = z.input<typeof AdamaxOptions>;

type AdamaxHyperparameters = z.output<typeof AdamaxOptions>;

/**
 * Adamax, Adam with the infinity norm (Kingma & Ba, 2015, section 7.1), in the k-th update of a parameter:
 * ```text
 * d = g + weightDecay * p
 * m = beta1 * m + (1 - beta1) * d
 * u = max(beta2 * u, |d| + eps)
 * p = p - lr / (1 - beta1^k) * m / u
 * ```
 * The slots are `expAvg`, m, and `expInf`, u.
 */
@Optimizer.register('adamax', AdamaxOptions)
@Optimizer.register('Adamax', AdamaxOptions)
export class Adamax extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: AdamaxOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(AdamaxOptions, options, 'adamax'), parameters);
  }

  override initialSlots(): Readonly<Record<string, InitialSlot>> {
    return { expAvg: 0, expInf: 0 };
  }

  override coefficients(options: Hyperparameters, step: number): Coefficients {
    const { lr, betas, eps, weightDecay } = options as AdamaxHyperparameters;
    const { beta1, fresh1, beta2 } = momentCoefficients(betas);
    return { beta1, fresh1, beta2, eps, stepSize: lr / (1 - betas[0] ** step), weightDecay: unlessZero(weightDecay) };
  }

  override update({ gradient, parameter, slots, coefficients: c }: RuleInput): RuleOutput {
    const d = penalized(gradient, parameter, c['weightDecay']);
    const expAvg = runningAverage(slots['expAvg']!, d, c['beta1']!, c['fresh1']!);
    const expInf = tf.maximum(tf.mul(slots['expInf']!, c['beta2']!), tf.add(tf.abs(d), c['eps']!));
    return {
      parameter: tf.sub(parameter, tf.mul(tf.div(expAvg, expInf), c['stepSize']!)),
      slots: { expAvg, expInf },
    };
  }
}
