import type { StateDict } from '@x/trainer-core';
import {
  ConfigError,
  inject,
  LearningRateScheduler,
  log,
  NumberOfEpochs,
  Optimizer,
  parseOptions,
} from '@x/trainer-core';
import { z } from 'zod';

import { EpochSchedule } from './epoch-schedule.js';
import { learningRates } from './group-field.js';

export const CosineWithRestartsOptions = z.strictObject({
  tInitial: z.int().positive().describe('Epochs in the first cycle'),
  tMul: z.number().positive().default(1).describe('Each cycle is this many times as long as the one before'),
  etaMin: z.number().nonnegative().default(0).describe('The learning rate that a cycle goes down to'),
  etaMul: z.number().positive().default(1).describe('Each cycle starts at this many times the rate of the one before'),
});

export type CosineWithRestartsOptions = z.input<typeof CosineWithRestartsOptions>;

/**
 * Cosine annealing with warm restarts. At epoch c of a cycle of T epochs, after r restarts, the learning rate is
 * `etaMin + (initial * etaMul ** r - etaMin) * (1 + cos(pi * c / T)) / 2`, where T is `trunc(tInitial * tMul ** r)`.
 *
 * Source: Loshchilov and Hutter, SGDR (2016), as in AllenNLP's `cosine`.
 */
@LearningRateScheduler.register('cosine', CosineWithRestartsOptions)
export class CosineWithRestarts extends LearningRateScheduler {
  private readonly schedule: EpochSchedule;

  /** @throws ConfigError (`X_SCHEDULER`) if cycles shrink to nothing before the training is over. */
  constructor(
    options: CosineWithRestartsOptions,
    @inject(Optimizer) optimizer: Optimizer,
    @inject(NumberOfEpochs) numEpochs: number,
  ) {
    super();
    const cycles = parseOptions(CosineWithRestartsOptions, options, 'CosineWithRestarts');
    const { tInitial, tMul, etaMin, etaMul } = cycles;
    if (tInitial === 1 && tMul === 1 && etaMul === 1) {
      log.warn('the scheduler "cosine" has no effect with tInitial, tMul and etaMul all 1');
    }
    cycleAt(numEpochs, cycles);
    this.schedule = new EpochSchedule(learningRates(optimizer), (initial, epoch) => {
      const { restarts, position, length } = cycleAt(epoch, cycles);
      const start = initial * etaMul ** restarts;
      return etaMin + ((start - etaMin) / 2) * (Math.cos((Math.PI * position) / length) + 1);
    });
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

/** The cycle that an epoch lies in: restarts before it, its length, and the epoch's position in it. */
function cycleAt(
  epoch: number,
  { tInitial, tMul }: { readonly tInitial: number; readonly tMul: number },
): { restarts: number; position: number; length: number } {
  let position = epoch;
  for (let restarts = 0; ; restarts++) {
    const length = Math.trunc(tInitial * tMul ** restarts);
    if (length === 0) {
      throw ConfigError.of(
        'X_SCHEDULER',
        'tMul',
        `received ${tMul}, with which the cycle after ${restarts} restarts (epoch ${epoch - position}) has no epochs ` +
          `left; expected a larger tMul or tInitial`,
        'the options of CosineWithRestarts',
      );
    }
    if (position < length) return { restarts, position, length };
    position -= length;
  }
}
