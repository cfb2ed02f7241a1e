import {
  ConfigError,
  inject,
  LearningRateScheduler,
  NumberOfEpochs,
  Optimizer,
  parseOptions,
  StepsPerEpoch,
} from '@x/trainer-core';
import { z } from 'zod';

import { ProgressRate } from './progress-rate.js';
import { perStepNumber } from './progress-schedule.js';
import type { Unit } from './progress-schedule.js';
import { trainingLength } from './training-length.js';
import { warmupFactor } from './warmup.js';

/** What is left of the rate when a share of the decay is done. */
const DECAYS = {
  linear: (share: number) => 1 - share,
  cosine: (share: number) => (1 + Math.cos(Math.PI * share)) / 2,
  '1-sqrt': (share: number) => 1 - Math.sqrt(share),
} as const;

export const WarmupStableDecayOptions = z.strictObject({
  warmupSteps: z.int().nonnegative().default(0).describe('Steps (or epochs, as `per` says) of linear warm-up from 0'),
  decaySteps: z
    .int()
    .positive()
    .optional()
    .describe('Steps (or epochs) of the decay at the end; default: a fifth of all'),
  totalSteps: z.int().positive().optional().describe('Where the decay ends; default: with the training'),
  decay: z
    .enum(['linear', 'cosine', '1-sqrt'])
    .default('1-sqrt')
    .describe('How the rate falls in the decay: by the share that is done, half a cosine, or the root of the share'),
  endRatio: z.number().nonnegative().default(0).describe('The rate at the end, divided by the initial one'),
  per: perStepNumber,
});

export type WarmupStableDecayOptions = z.input<typeof WarmupStableDecayOptions>;

/**
 * The trapezoid: a linear warm-up, a constant learning rate, and a short decay, which a training may begin at any time.
 *
 * Source: Hu et al., MiniCPM (2024), who call it WSD; Hägele et al., Scaling Laws and Compute-Optimal Training Beyond Fixed
 * Training Durations (2024), who recommend `1-sqrt` over a fifth of the training.
 */
@LearningRateScheduler.register('warmup_stable_decay', WarmupStableDecayOptions)
export class WarmupStableDecay extends ProgressRate {
  /**
   * @param stepsPerEpoch null if unknown.
   * @throws ConfigError (`X_SCHEDULER`) if `totalSteps` is left out and the steps of an epoch are unknown, and if warm-up and
   * decay together are longer than the whole.
   */
  constructor(
    options: WarmupStableDecayOptions,
    @inject(Optimizer) optimizer: Optimizer,
    @inject(NumberOfEpochs) numEpochs: number,
    @inject(StepsPerEpoch) stepsPerEpoch: number | null,
  ) {
    const { warmupSteps, decay, endRatio, per, ...given } = parseOptions(
      WarmupStableDecayOptions,
      options,
      'WarmupStableDecay',
    );
    const training = { numEpochs, stepsPerEpoch };
    const total = given.totalSteps ?? trainingLength(per, training, 'warmup_stable_decay', 'set totalSteps');
    const decaySteps = given.decaySteps ?? Math.min(total - warmupSteps, Math.round(total / 5));
    if (decaySteps < 0 || warmupSteps + decaySteps > total)
      throw tooLong(warmupSteps, given.decaySteps ?? 0, total, per);
    const decayStart = total - decaySteps;
    super(optimizer, {
      per,
      firstStep: 1,
      value: (initial, n) => {
        if (n <= decayStart) return initial * warmupFactor(n, warmupSteps);
        const share = Math.min(1, (n - decayStart) / decaySteps);
        return initial * (endRatio + (1 - endRatio) * DECAYS[decay](share));
      },
    });
  }
}

function tooLong(warmup: number, decay: number, total: number, per: Unit): ConfigError {
  return ConfigError.of(
    'X_SCHEDULER',
    'decaySteps',
    `received a warm-up of ${warmup} and a decay of ${decay} ${per}s; expected at most ${total} together, the length of ` +
      'the schedule; shorten them, or set totalSteps',
    'the scheduler "warmup_stable_decay"',
  );
}
