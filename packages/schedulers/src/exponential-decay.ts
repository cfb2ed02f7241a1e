import type { StateDict } from '@x/trainer-core';
import { inject, LearningRateScheduler, Optimizer, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { EpochSchedule } from './epoch-schedule.js';
import { learningRates } from './group-field.js';

export const ExponentialDecayOptions = z.strictObject({
  gamma: z.number().positive().default(0.1).describe('The factor of every epoch'),
});

export type ExponentialDecayOptions = z.input<typeof ExponentialDecayOptions>;

/**
 * Decays the learning rate every epoch: after e epochs it is `initial * gamma ** e`.
 *
 * Source: torch's `ExponentialLR`.
 */
@LearningRateScheduler.register('exponential', ExponentialDecayOptions)
export class ExponentialDecay extends LearningRateScheduler {
  private readonly schedule: EpochSchedule;

  constructor(options: ExponentialDecayOptions, @inject(Optimizer) optimizer: Optimizer) {
    super();
    const { gamma } = parseOptions(ExponentialDecayOptions, options, 'ExponentialDecay');
    this.schedule = new EpochSchedule(learningRates(optimizer), (initial, epoch) => initial * gamma ** epoch);
  }

  override step(): void {
    this.schedule.step();
  }

  override stateDict(): StateDict {
    return this.schedule.stateDict();
  }

  override loadStateDict(state: StateDict): void {
    this.schedule.loadStateDict(state);
  }
}
