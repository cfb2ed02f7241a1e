import type { StateDict } from '@x/trainer-core';
import { inject, LearningRateScheduler, NumberOfEpochs, Optimizer, parseOptions, StepsPerEpoch } from '@x/trainer-core';
import { z } from 'zod';

import type { GroupField } from './group-field.js';
import { learningRates } from './group-field.js';
import type { Polynomial } from './polynomial.js';
import { polynomialAt, stepsOfTraining } from './polynomial.js';

export const LinearWithWarmupOptions = z.strictObject({
  warmupSteps: z.int().nonnegative().default(100).describe('Steps of linear warm-up from 0'),
});

export type LinearWithWarmupOptions = z.input<typeof LinearWithWarmupOptions>;

/**
 * Warms the learning rate up linearly, then decays it linearly to 0 at the last step of the training.
 *
 * Source: AllenNLP 2's `linear_with_warmup`.
 */
@LearningRateScheduler.register('linear_with_warmup', LinearWithWarmupOptions)
export class LinearWithWarmup extends LearningRateScheduler {
  private readonly schedule: Polynomial;
  private readonly rates: GroupField;

  /**
   * @param stepsPerEpoch null if unknown.
   * @throws ConfigError (`X_SCHEDULER`) if the steps of an epoch are unknown.
   */
  constructor(
    options: LinearWithWarmupOptions,
    @inject(Optimizer) optimizer: Optimizer,
    @inject(NumberOfEpochs) numEpochs: number,
    @inject(StepsPerEpoch) stepsPerEpoch: number | null,
  ) {
    super();
    const { warmupSteps } = parseOptions(LinearWithWarmupOptions, options, 'LinearWithWarmup');
    const totalSteps = stepsOfTraining(numEpochs, stepsPerEpoch, 'linear_with_warmup');
    this.schedule = { totalSteps, warmupSteps, power: 1, endLearningRate: 0 };
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
