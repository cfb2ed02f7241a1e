import { inject, Optimizer, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { ProgressRate } from './progress-rate.js';
import { perEpoch } from './progress-schedule.js';
import { registerWithTorchName } from './torch-names.js';

export const StepDecayOptions = z.strictObject({
  stepSize: z.int().positive().describe('Epochs (or steps, as `per` says) between two decays'),
  gamma: z.number().nonnegative().default(0.1).describe('The factor of a decay'),
  per: perEpoch,
});

export type StepDecayOptions = z.input<typeof StepDecayOptions>;

/**
 * Decays the learning rate every `stepSize` epochs: after e epochs it is `initial * gamma ** floor(e / stepSize)`.
 *
 * Source: torch's `StepLR`.
 */
@registerWithTorchName('step', 'StepLR', StepDecayOptions)
export class StepDecay extends ProgressRate {
  constructor(options: StepDecayOptions, @inject(Optimizer) optimizer: Optimizer) {
    const { stepSize, gamma, per } = parseOptions(StepDecayOptions, options, 'StepDecay');
    super(optimizer, { per, value: (initial, done) => initial * gamma ** Math.floor(done / stepSize) });
  }
}
