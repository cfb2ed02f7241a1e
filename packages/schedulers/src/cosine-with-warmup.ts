import type { CompatibilityPreset } from '@x/trainer-core';
import {
  Compatibility,
  inject,
  LearningRateScheduler,
  NumberOfEpochs,
  Optimizer,
  parseOptions,
  StepsPerEpoch,
} from '@x/trainer-core';
import { z } from 'zod';

import { ProgressRate } from './progress-rate.js';
import { warmupAndDecay, warmupAndDecayFields } from './warmup.js';

export const CosineWithWarmupOptions = z.strictObject({
  ...warmupAndDecayFields,
  numCycles: z.number().nonnegative().default(0.5).describe('Waves of the cosine; a half goes down to 0'),
});

export type CosineWithWarmupOptions = z.input<typeof CosineWithWarmupOptions>;

/**
 * Warms the learning rate up linearly, then lets it follow a cosine to 0 at the end of the training: with p, the share of the
 * training after the warm-up that is done, it is `initial * (1 + cos(2 * pi * numCycles * p)) / 2`.
 *
 * Source: `get_cosine_schedule_with_warmup` of Hugging Face's transformers, as in AllenNLP 2's `cosine_with_warmup`.
 */
@LearningRateScheduler.register('cosine_with_warmup', CosineWithWarmupOptions)
export class CosineWithWarmup extends ProgressRate {
  /**
   * @param stepsPerEpoch null if unknown.
   * @throws ConfigError (`X_SCHEDULER`) if `numTrainingSteps` is left out and the steps of an epoch are unknown, or, as
   * in AllenNLP 2, with the compatibility preset `allennlp-2`.
   */
  constructor(
    options: CosineWithWarmupOptions,
    @inject(Optimizer) optimizer: Optimizer,
    @inject(NumberOfEpochs) numEpochs: number,
    @inject(StepsPerEpoch) stepsPerEpoch: number | null,
    @inject(Compatibility, { optional: true }) compatibility: CompatibilityPreset = null,
  ) {
    const { numCycles, ...warmup } = parseOptions(CosineWithWarmupOptions, options, 'CosineWithWarmup');
    const decay = (share: number): number => Math.max(0, (1 + Math.cos(2 * Math.PI * numCycles * share)) / 2);
    super(optimizer, warmupAndDecay(warmup, { numEpochs, stepsPerEpoch }, compatibility, decay, 'cosine_with_warmup'));
  }
}
