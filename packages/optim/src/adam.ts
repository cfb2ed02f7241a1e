import * as tf from '@tensorflow/tfjs-core';
import { inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import { z } from 'zod';

import { adamCoefficients, adamFields, adamSlots, adamStep } from './adam-moments.js';
import type { AdamHyperparameters } from './adam-moments.js';
import { learningRate, optimizerOptions } from './optimizer-options.js';

export const AdamOptions = optimizerOptions({
  lr: learningRate.default(1e-3).describe('Learning rate'),
  ...adamFields,
  weightDecay: z.number().nonnegative().default(0).describe('Factor of an L2 penalty, added to the gradient'),
});

/**
 * Adam (Kingma & Ba, 2015): the steps of `adamStep` on g + weightDecay * p. k counts the updates of each parameter.
 * Slots: `expAvg`, `expAvgSq` and, with amsgrad, `maxExpAvgSq`.
 */
@Optimizer.register('adam', AdamOptions)
export class Adam extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: z.input<typeof AdamOptions>, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(AdamOptions, options, 'adam'), parameters);
  }

  override initialSlots(options: Hyperparameters): Readonly<Record<string, number>> {
    return adamSlots(options as unknown as AdamHyperparameters);
  }

  override coefficients(options: Hyperparameters, step: number): Coefficients {
    const hyperparameters = options as unknown as AdamHyperparameters;
    const { weightDecay } = hyperparameters;
    return { ...adamCoefficients(hyperparameters, step), weightDecay: weightDecay === 0 ? undefined : weightDecay };
  }

  override update({ gradient, parameter, slots, coefficients }: RuleInput): RuleOutput {
    const { weightDecay } = coefficients;
    const decayed = weightDecay === undefined ? gradient : tf.add(gradient, tf.mul(parameter, weightDecay));
    return adamStep(parameter, decayed, slots, coefficients);
  }
}
