import type { StateDict } from '@x/trainer-core';
import { inject, LearningRateScheduler, NumberOfEpochs, Optimizer, parseOptions, StepsPerEpoch } from '@x/trainer-core';
import { z } from 'zod';

import type { GroupField } from './group-field.js';
import { learningRates } from './group-field.js';
import type { Polynomial } from './polynomial.js';
import { polynomialAt, stepsOfTraining } from './polynomial.js';

export const PolynomialDecayOptions = z.strictObject({
  totalSteps: z
    .int()
    .positive()
    .optional()
    .describe('Where the decay ends; default: with the last step of the training'),
  power: z.number().positive().default(1).describe('The power of the polynomial; 1 decays linearly'),
  warmupSteps: z.int().nonnegative().default(0).describe('Steps of linear warm-up from 0'),
  endLearningRate: z.number().nonnegative().default(0).describe('The learning rate at the end and after it'),
});

export type PolynomialDecayOptions = z.input<typeof PolynomialDecayOptions>;

/**
 * Warms the learning rate up linearly, then decays it: at step n after the warm-up it is
 * `end + (initial - end) * ((totalSteps - n) / (totalSteps - warmupSteps)) ** power`.
 *
 * Source: AllenNLP's `polynomial_decay`; without `totalSteps` that of AllenNLP 2, which takes it from the training.
 */
@LearningRateScheduler.register('polynomial_decay', PolynomialDecayOptions)
export class PolynomialDecay extends LearningRateScheduler {
  private readonly schedule: Polynomial;
  private readonly rates: GroupField;

  /**
   * @param stepsPerEpoch null if unknown.
   * @throws ConfigError (`X_SCHEDULER`) if `totalSteps` is left out and the steps of an epoch are unknown.
   */
  constructor(
    options: PolynomialDecayOptions,
    @inject(Optimizer) optimizer: Optimizer,
    @inject(NumberOfEpochs) numEpochs: number,
    @inject(StepsPerEpoch) stepsPerEpoch: number | null,
  ) {
    super();
    const { totalSteps, ...shape } = parseOptions(PolynomialDecayOptions, options, 'PolynomialDecay');
    this.schedule = {
      ...shape,
      totalSteps: totalSteps ?? stepsOfTraining(numEpochs, stepsPerEpoch, 'polynomial_decay'),
    };
    this.rates = learningRates(optimizer);
    this.stepBatch(0);
  }

  override step(): void {
    // the rate depends on the step alone
  }

  override stepBatch(batchNumTotal: number): void {
    this.rates.set((initial) => polynomialAt(batchNumTotal, initial, this.schedule));
  }

  override stateDict(): StateDict {
    return {};
  }

  override loadStateDict(): void {
    // the rate depends on the step alone
  }
}
