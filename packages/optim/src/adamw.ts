import * as tf from '@tensorflow/tfjs-core';
import { inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, InitialSlot, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import { z } from 'zod';

import { adamCoefficients, adamFields, adamSlots, adamStep, AMSGRAD_SLOT } from './adam-moments.js';
import { learningRate, optimizerOptions } from './optimizer-options.js';
import { decoupledWeightDecay } from './weight-decay.js';

export const AdamWOptions = optimizerOptions({
  lr: learningRate.default(1e-3).describe('Learning rate'),
  ...adamFields,
  weightDecay: decoupledWeightDecay(0.01),
});

export type AdamWOptions = z.input<typeof AdamWOptions>;

type AdamWHyperparameters = z.output<typeof AdamWOptions>;

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter, 2019): p = p * (1 - lr * weightDecay), then the steps of
 * `adamStep` on g alone. Slots: `expAvg`, `expAvgSq` and, with amsgrad, `maxExpAvgSq`.
 */
@Optimizer.register('adamw', AdamWOptions)
@Optimizer.register('AdamW', AdamWOptions)
export class AdamW extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: AdamWOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(AdamWOptions, options, 'adamw'), parameters);
  }

  override initialSlots(options: Hyperparameters): Readonly<Record<string, InitialSlot>> {
    return adamSlots(options as AdamWHyperparameters);
  }

  override optionalSlots(): Readonly<Record<string, InitialSlot>> {
    return AMSGRAD_SLOT;
  }

  override coefficients(options: Hyperparameters, step: number): Coefficients {
    const hyperparameters = options as AdamWHyperparameters;
    const { lr, weightDecay } = hyperparameters;
    return { ...adamCoefficients(hyperparameters, step), shrink: 1 - lr * weightDecay };
  }

  override update({ gradient, parameter, slots, coefficients }: RuleInput): RuleOutput {
    return adamStep(tf.mul(parameter, coefficients['shrink']!), gradient, slots, coefficients);
  }
}
