import type { StateDict } from '@x/trainer-core';
import { inject, LearningRateScheduler, Optimizer, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { EpochSchedule } from './epoch-schedule.js';
import { learningRates } from './group-field.js';

export const StepDecayOptions = z.strictObject({
  stepSize: z.int().positive().describe('Epochs between two decays'),
  gamma: z.number().positive().default(0.1).describe('The factor of a decay'),
});

export type StepDecayOptions = z.input<typeof StepDecayOptions>;

/**
 * Decays the learning rate every `stepSize` epochs: after e epochs it is `initial * gamma ** floor(e / stepSize)`.
 *
 * Source: torch's `StepLR`.
 */
@LearningRateScheduler.register('step', StepDecayOptions)
export class StepDecay extends LearningRateScheduler {
  private readonly schedule: EpochSchedule;

  constructor(options: StepDecayOptions, @inject(Optimizer) optimizer: Optimizer) {
    super();
    const { stepSize, gamma } = parseOptions(StepDecayOptions, options, 'StepDecay');
    this.schedule = new EpochSchedule(
      learningRates(optimizer),
      (initial, epoch) => initial * gamma ** Math.floor(epoch / stepSize),
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
