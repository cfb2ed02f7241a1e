import { inject, Optimizer, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { ProgressRate } from './progress-rate.js';
import { perEpoch } from './progress-schedule.js';
import { registerWithTorchName } from './torch-names.js';

export const MultiStepDecayOptions = z.strictObject({
  milestones: z
    .array(z.int().nonnegative())
    .describe(
      'Numbers of epochs (or steps) after which to decay, in any order; one that is repeated decays repeatedly',
    ),
  gamma: z.number().nonnegative().default(0.1).describe('The factor of a decay'),
  per: perEpoch,
});

export type MultiStepDecayOptions = z.input<typeof MultiStepDecayOptions>;

/**
 * Decays the learning rate at milestones: after e epochs it is `initial * gamma ** (milestones that are <= e)`.
 *
 * Source: torch's `MultiStepLR`.
 */
@registerWithTorchName('multi_step', 'MultiStepLR', MultiStepDecayOptions)
export class MultiStepDecay extends ProgressRate {
  constructor(options: MultiStepDecayOptions, @inject(Optimizer) optimizer: Optimizer) {
    const { milestones, gamma, per } = parseOptions(MultiStepDecayOptions, options, 'MultiStepDecay');
    super(optimizer, {
      per,
      value: (initial, done) => initial * gamma ** milestones.filter((milestone) => milestone <= done).length,
    });
  }
}
