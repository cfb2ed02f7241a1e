import { inject, LearningRateScheduler, NumberOfEpochs, Optimizer, parseOptions, StepsPerEpoch } from '@x/trainer-core';
import { z } from 'zod';

import { polynomialAt } from './polynomial.js';
import { ProgressRate } from './progress-rate.js';
import { perStepNumber } from './progress-schedule.js';
import { trainingLength } from './training-length.js';

export const LinearWithWarmupOptions = z.strictObject({
  warmupSteps: z.int().nonnegative().default(100).describe('Steps (or epochs, as `per` says) of linear warm-up from 0'),
  per: perStepNumber,
});

export type LinearWithWarmupOptions = z.input<typeof LinearWithWarmupOptions>;

/**
 * Warms the learning rate up linearly, then decays it linearly to 0 at the last step of the training.
 *
 * Source: AllenNLP 2's `linear_with_warmup`.
 */
@LearningRateScheduler.register('linear_with_warmup', LinearWithWarmupOptions)
export class LinearWithWarmup extends ProgressRate {
  /**
   * @param stepsPerEpoch null if unknown.
   * @throws ConfigError (`X_SCHEDULER`) if the steps of an epoch are needed and unknown.
   */
  constructor(
    options: LinearWithWarmupOptions,
    @inject(Optimizer) optimizer: Optimizer,
    @inject(NumberOfEpochs) numEpochs: number,
    @inject(StepsPerEpoch) stepsPerEpoch: number | null,
  ) {
    const { warmupSteps, per } = parseOptions(LinearWithWarmupOptions, options, 'LinearWithWarmup');
    const training = { numEpochs, stepsPerEpoch };
    const remedy = 'use "polynomial_decay" with totalSteps';
    const total = trainingLength(per, training, 'linear_with_warmup', remedy);
    const schedule = { total, warmup: warmupSteps, power: 1, endLearningRate: 0 };
    super(optimizer, { per, firstStep: 1, value: (initial, n) => polynomialAt(n, initial, schedule) });
  }
}
