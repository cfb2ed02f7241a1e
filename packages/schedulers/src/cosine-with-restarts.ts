import {
  ConfigError,
  inject,
  LearningRateScheduler,
  log,
  NumberOfEpochs,
  Optimizer,
  parseOptions,
  StepsPerEpoch,
} from '@x/trainer-core';
import { z } from 'zod';

import { ProgressRate } from './progress-rate.js';
import { perEpoch } from './progress-schedule.js';
import type { Unit } from './progress-schedule.js';

export const CosineWithRestartsOptions = z.strictObject({
  tInitial: z.int().positive().describe('Epochs (or steps, as `per` says) in the first cycle'),
  tMul: z.number().positive().default(1).describe('Each cycle is this many times as long as the one before'),
  etaMin: z.number().nonnegative().default(0).describe('The learning rate that a cycle goes down to'),
  etaMul: z.number().positive().default(1).describe('Each cycle starts at this many times the rate of the one before'),
  per: perEpoch,
});

export type CosineWithRestartsOptions = z.input<typeof CosineWithRestartsOptions>;

/**
 * Cosine annealing with warm restarts. At epoch c of a cycle of T epochs, after r restarts, the learning rate is
 * `etaMin + (initial * etaMul ** r - etaMin) * (1 + cos(pi * c / T)) / 2`, where T is `trunc(tInitial * tMul ** r)`.
 *
 * Source: Loshchilov and Hutter, SGDR (2016), as in AllenNLP's `cosine`.
 */
@LearningRateScheduler.register('cosine', CosineWithRestartsOptions)
export class CosineWithRestarts extends ProgressRate {
  /**
   * @param stepsPerEpoch null if unknown: then cycles by steps are not checked before they begin.
   * @throws ConfigError (`X_SCHEDULER`) if cycles shrink to nothing before the training is over.
   */
  constructor(
    options: CosineWithRestartsOptions,
    @inject(Optimizer) optimizer: Optimizer,
    @inject(NumberOfEpochs) numEpochs: number,
    @inject(StepsPerEpoch) stepsPerEpoch: number | null = null,
  ) {
    const { per, ...cycles } = parseOptions(CosineWithRestartsOptions, options, 'CosineWithRestarts');
    const { tInitial, tMul, etaMin, etaMul } = cycles;
    if (tInitial === 1 && tMul === 1 && etaMul === 1) {
      log.warn('the scheduler "cosine" has no effect with tInitial, tMul and etaMul all 1');
    }
    cycleAt(per === 'epoch' ? numEpochs : numEpochs * (stepsPerEpoch ?? 0), cycles, per);
    super(optimizer, {
      per,
      value: (initial, done) => {
        const { restarts, position, length } = cycleAt(done, cycles, per);
        const start = initial * etaMul ** restarts;
        return etaMin + ((start - etaMin) / 2) * (Math.cos((Math.PI * position) / length) + 1);
      },
    });
  }
}

/** The cycle that an epoch or step lies in: restarts before it, its length, and the position in it. */
function cycleAt(
  done: number,
  { tInitial, tMul }: { readonly tInitial: number; readonly tMul: number },
  per: Unit,
): { restarts: number; position: number; length: number } {
  let position = done;
  for (let restarts = 0; ; restarts++) {
    const length = Math.trunc(tInitial * tMul ** restarts);
    if (length === 0) {
      throw ConfigError.of(
        'X_SCHEDULER',
        'tMul',
        `received ${tMul}, with which the cycle after ${restarts} restarts (${per} ${done - position}) has no ${per}s ` +
          `left; expected a larger tMul or tInitial`,
        'the options of CosineWithRestarts',
      );
    }
    if (position < length) return { restarts, position, length };
    position -= length;
  }
}
