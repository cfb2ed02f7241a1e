import type { CompatibilityPreset } from '@x/trainer-core';
import { Compatibility, inject, LearningRateScheduler, Optimizer, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { ProgressRate } from './progress-rate.js';
import { unitOfTransformers, warmupFactor, warmupFields } from './warmup.js';

export const ConstantWithWarmupOptions = z.strictObject(warmupFields);

export type ConstantWithWarmupOptions = z.input<typeof ConstantWithWarmupOptions>;

/**
 * Warms the learning rate up linearly, then leaves it: after n steps it is `initial * min(1, n / numWarmupSteps)`.
 *
 * Source: `get_constant_schedule_with_warmup` of Hugging Face's transformers, as in AllenNLP 2's `constant_with_warmup`.
 */
@LearningRateScheduler.register('constant_with_warmup', ConstantWithWarmupOptions)
export class ConstantWithWarmup extends ProgressRate {
  constructor(
    options: ConstantWithWarmupOptions,
    @inject(Optimizer) optimizer: Optimizer,
    @inject(Compatibility, { optional: true }) compatibility: CompatibilityPreset = null,
  ) {
    const { numWarmupSteps, per } = parseOptions(ConstantWithWarmupOptions, options, 'ConstantWithWarmup');
    super(optimizer, {
      per: unitOfTransformers(per, compatibility),
      value: (initial, done) => initial * warmupFactor(done, numWarmupSteps),
    });
  }
}
