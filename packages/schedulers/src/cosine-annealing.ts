import { inject, NumberOfEpochs, Optimizer, parseOptions, StepsPerEpoch } from '@x/trainer-core';
import { z } from 'zod';

import { ProgressRate } from './progress-rate.js';
import { perEpoch } from './progress-schedule.js';
import { registerWithTorchName } from './torch-names.js';
import { trainingLength } from './training-length.js';

export const CosineAnnealingOptions = z.strictObject({
  tMax: z
    .int()
    .positive()
    .optional()
    .describe('Epochs (or steps, as `per` says) from the initial rate to the lowest; default: those of the training'),
  etaMin: z.number().nonnegative().default(0).describe('The lowest learning rate'),
  per: perEpoch,
});

export type CosineAnnealingOptions = z.input<typeof CosineAnnealingOptions>;

/**
 * Lets the learning rate follow a cosine, down to `etaMin` after `tMax` epochs and up again in as many: after e epochs it is
 * `etaMin + (initial - etaMin) * (1 + cos(pi * e / tMax)) / 2`.
 *
 * Source: torch's `CosineAnnealingLR`; Loshchilov and Hutter, SGDR (2016), without restarts.
 */
@registerWithTorchName('cosine_annealing', 'CosineAnnealingLR', CosineAnnealingOptions)
export class CosineAnnealing extends ProgressRate {
  /**
   * @param stepsPerEpoch null if unknown.
   * @throws ConfigError (`X_SCHEDULER`) if `tMax` in steps is left out and the steps of an epoch are unknown.
   */
  constructor(
    options: CosineAnnealingOptions,
    @inject(Optimizer) optimizer: Optimizer,
    @inject(NumberOfEpochs) numEpochs: number,
    @inject(StepsPerEpoch) stepsPerEpoch: number | null,
  ) {
    const { tMax, etaMin, per } = parseOptions(CosineAnnealingOptions, options, 'CosineAnnealing');
    const length = tMax ?? trainingLength(per, { numEpochs, stepsPerEpoch }, 'cosine_annealing', 'set tMax');
    super(optimizer, {
      per,
      value: (initial, done) => etaMin + ((initial - etaMin) * (1 + Math.cos((Math.PI * done) / length))) / 2,
    });
  }
}
