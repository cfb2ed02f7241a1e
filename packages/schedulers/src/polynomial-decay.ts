import type { CompatibilityPreset } from '@x/trainer-core';
import {
  Compatibility,
  inject,
  LearningRateScheduler,
  NumberOfEpochs,
  Optimizer,
  parseOptions,
  StepsPerEpoch,
} from '@x/trainer-core';
import { z } from 'zod';

import { polynomialAt } from './polynomial.js';
import { ProgressRate } from './progress-rate.js';
import { perStepNumber } from './progress-schedule.js';
import { requiredBy, trainingLength } from './training-length.js';

export const PolynomialDecayOptions = z.strictObject({
  totalSteps: z
    .int()
    .positive()
    .optional()
    .describe('The step (or epoch, as `per` says) where the decay ends; default: the last of the training'),
  power: z.number().nonnegative().default(1).describe('The power of the polynomial; 1 decays linearly'),
  warmupSteps: z.int().nonnegative().default(0).describe('Steps (or epochs) of linear warm-up from 0'),
  endLearningRate: z.number().nonnegative().default(0).describe('The learning rate at the end and after it'),
  per: perStepNumber,
});

export type PolynomialDecayOptions = z.input<typeof PolynomialDecayOptions>;

/**
 * Warms the learning rate up linearly, then decays it: at step n after the warm-up it is
 * `end + (initial - end) * ((totalSteps - n) / (totalSteps - warmupSteps)) ** power`.
 *
 * Source: AllenNLP's `polynomial_decay`; without `totalSteps` that of AllenNLP 2, which takes it from the training.
 */
@LearningRateScheduler.register('polynomial_decay', PolynomialDecayOptions)
export class PolynomialDecay extends ProgressRate {
  /**
   * @param stepsPerEpoch null if unknown.
   * @throws ConfigError (`X_SCHEDULER`) if `totalSteps` is left out and the steps of an epoch are unknown, or, as in AllenNLP
   * 1.0, with the compatibility preset `allennlp-1`.
   */
  constructor(
    options: PolynomialDecayOptions,
    @inject(Optimizer) optimizer: Optimizer,
    @inject(NumberOfEpochs) numEpochs: number,
    @inject(StepsPerEpoch) stepsPerEpoch: number | null,
    @inject(Compatibility, { optional: true }) compatibility: CompatibilityPreset = null,
  ) {
    const { totalSteps, warmupSteps, per, ...shape } = parseOptions(PolynomialDecayOptions, options, 'PolynomialDecay');
    if (totalSteps === undefined && compatibility === 'allennlp-1') {
      throw requiredBy(compatibility, 'totalSteps', 'polynomial_decay');
    }
    const training = { numEpochs, stepsPerEpoch };
    const total = totalSteps ?? trainingLength(per, training, 'polynomial_decay', 'set totalSteps');
    const schedule = { ...shape, total, warmup: warmupSteps };
    super(optimizer, { per, firstStep: 1, value: (initial, n) => polynomialAt(n, initial, schedule) });
  }
}
