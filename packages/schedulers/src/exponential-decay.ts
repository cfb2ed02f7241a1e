import { inject, Optimizer, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { ProgressRate } from './progress-rate.js';
import { perEpoch } from './progress-schedule.js';
import { registerWithTorchName } from './torch-names.js';

export const ExponentialDecayOptions = z.strictObject({
  gamma: z.number().nonnegative().default(0.1).describe('The factor of every epoch (or step, as `per` says)'),
  per: perEpoch,
});

export type ExponentialDecayOptions = z.input<typeof ExponentialDecayOptions>;

/**
 * Decays the learning rate every epoch: after e epochs it is `initial * gamma ** e`.
 *
 * Source: torch's `ExponentialLR`.
 */
@registerWithTorchName('exponential', 'ExponentialLR', ExponentialDecayOptions)
export class ExponentialDecay extends ProgressRate {
  constructor(options: ExponentialDecayOptions, @inject(Optimizer) optimizer: Optimizer) {
    const { gamma, per } = parseOptions(ExponentialDecayOptions, options, 'ExponentialDecay');
    super(optimizer, { per, value: (initial, done) => initial * gamma ** done });
  }
}
