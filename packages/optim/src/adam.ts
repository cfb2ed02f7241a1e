import { inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, InitialSlot, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import { z } from 'zod';

import { adamCoefficients, adamFields, adamSlots, adamStep, AMSGRAD_SLOT } from './adam-moments.js';
import { learningRate, optimizerOptions } from './optimizer-options.js';
import { l2WeightDecay, penalized, unlessZero } from './weight-decay.js';

export const AdamOptions = optimizerOptions({
  lr: learningRate.default(1e-3).describe('Learning rate'),
  ...adamFields,
  weightDecay: l2WeightDecay,
});

export type AdamOptions = z.input<typeof AdamOptions>;

type AdamHyperparameters = z.output<typeof AdamOptions>;

/**
 * Adam (Kingma & Ba, 2015): the steps of `adamStep` on g + weightDecay * p. k counts the updates of each parameter.
 * Slots: `expAvg`, `expAvgSq` and, with amsgrad, `maxExpAvgSq`.
 */
@Optimizer.register('adam', AdamOptions)
@Optimizer.register('Adam', AdamOptions)
export class Adam extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: AdamOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(AdamOptions, options, 'adam'), parameters);
  }

  override initialSlots(options: Hyperparameters): Readonly<Record<string, InitialSlot>> {
    return adamSlots(options as AdamHyperparameters);
  }

  override optionalSlots(): Readonly<Record<string, InitialSlot>> {
    return AMSGRAD_SLOT;
  }

  override coefficients(options: Hyperparameters, step: number): Coefficients {
    const hyperparameters = options as AdamHyperparameters;
    const { weightDecay } = hyperparameters;
    return { ...adamCoefficients(hyperparameters, step), weightDecay: unlessZero(weightDecay) };
  }

  override update({ gradient, parameter, slots, coefficients }: RuleInput): RuleOutput {
    const decayed = penalized(gradient, parameter, coefficients['weightDecay']);
    return adamStep(parameter, decayed, slots, coefficients);
  }
}
