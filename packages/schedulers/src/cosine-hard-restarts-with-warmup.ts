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

export const CosineHardRestartsWithWarmupOptions = z.strictObject({
  ...warmupAndDecayFields,
  numCycles: z.int().positive().default(1).describe('Falls from the initial rate to 0'),
});

export type CosineHardRestartsWithWarmupOptions = z.input<typeof CosineHardRestartsWithWarmupOptions>;

/**
 * Warms the learning rate up linearly, then lets it fall from its initial value to 0 along half a cosine, several times: with
 * p, the share of the training after the warm-up that is done, it is
 * `initial * (1 + cos(pi * ((numCycles * p) mod 1))) / 2`, and 0 at the end of the training and after it.
 *
 * Source: `get_cosine_with_hard_restarts_schedule_with_warmup` of Hugging Face's transformers, as in AllenNLP 2's
 * `cosine_hard_restarts_with_warmup`.
 */
@LearningRateScheduler.register('cosine_hard_restarts_with_warmup', CosineHardRestartsWithWarmupOptions)
export class CosineHardRestartsWithWarmup extends ProgressRate {
  /**
   * @param stepsPerEpoch null if unknown.
   * @throws ConfigError (`X_SCHEDULER`) if `numTrainingSteps` is left out and the steps of an epoch are unknown, or, as
   * in AllenNLP 2, with the compatibility preset `allennlp-2`.
   */
  constructor(
    options: CosineHardRestartsWithWarmupOptions,
    @inject(Optimizer) optimizer: Optimizer,
    @inject(NumberOfEpochs) numEpochs: number,
    @inject(StepsPerEpoch) stepsPerEpoch: number | null,
    @inject(Compatibility, { optional: true }) compatibility: CompatibilityPreset = null,
  ) {
    const { numCycles, ...warmup } = parseOptions(
      CosineHardRestartsWithWarmupOptions,
      options,
      'CosineHardRestartsWithWarmup',
    );
    const decay = (share: number): number => (share >= 1 ? 0 : (1 + Math.cos(Math.PI * ((numCycles * share) % 1))) / 2);
    super(
      optimizer,
      warmupAndDecay(warmup, { numEpochs, stepsPerEpoch }, compatibility, decay, 'cosine_hard_restarts_with_warmup'),
    );
  }
}
