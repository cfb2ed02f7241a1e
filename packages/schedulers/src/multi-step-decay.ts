import type { StateDict } from '@x/trainer-core';
import { inject, LearningRateScheduler, Optimizer, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { EpochSchedule } from './epoch-schedule.js';
import { learningRates } from './group-field.js';

export const MultiStepDecayOptions = z.strictObject({
  milestones: z
    .array(z.int().positive())
    .describe('Numbers of epochs after which to decay, in any order; one that is repeated decays repeatedly'),
  gamma: z.number().positive().default(0.1).describe('The factor of a decay'),
});

export type MultiStepDecayOptions = z.input<typeof MultiStepDecayOptions>;

/**
 * Decays the learning rate at milestones: after e epochs it is `initial * gamma ** (milestones that are <= e)`.
 *
 * Source: torch's `MultiStepLR`.
 */
@LearningRateScheduler.register('multi_step', MultiStepDecayOptions)
export class MultiStepDecay extends LearningRateScheduler {
  private readonly schedule: EpochSchedule;

  constructor(options: MultiStepDecayOptions, @inject(Optimizer) optimizer: Optimizer) {
    super();
    const { milestones, gamma } = parseOptions(MultiStepDecayOptions, options, 'MultiStepDecay');
    this.schedule = new EpochSchedule(
      learningRates(optimizer),
      (initial, epoch) => initial * gamma ** milestones.filter((milestone) => milestone <= epoch).length,
    );
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
