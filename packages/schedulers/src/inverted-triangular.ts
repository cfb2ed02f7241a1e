import type { StateDict } from '@x/trainer-core';
import { inject, MomentumScheduler, Optimizer, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { EpochSchedule } from './epoch-schedule.js';
import { momenta } from './group-field.js';

export const InvertedTriangularOptions = z.strictObject({
  coolDown: z.int().nonnegative().describe('Epochs in which the momentum goes down'),
  warmUp: z.int().nonnegative().describe('Epochs after that in which it comes up again'),
  ratio: z.number().positive().default(10).describe('The initial momentum divided by the lowest'),
});

export type InvertedTriangularOptions = z.input<typeof InvertedTriangularOptions>;

/**
 * Takes the momentum down linearly to `initial / ratio`, up again to where it was, and leaves it there.
 *
 * Schedules `momentum` (SGD, RMSprop) or, in groups without one, the first of the `betas` (Adam and its relatives).
 *
 * Source: AllenNLP's `inverted_triangular`, which knows `momentum` only.
 */
@MomentumScheduler.register('inverted_triangular', InvertedTriangularOptions)
export class InvertedTriangular extends MomentumScheduler {
  private readonly schedule: EpochSchedule;

  /** @throws ConfigError (`X_SCHEDULER`) if a group has neither `momentum` nor `betas`. */
  constructor(options: InvertedTriangularOptions, @inject(Optimizer) optimizer: Optimizer) {
    super();
    const { coolDown, warmUp, ratio } = parseOptions(InvertedTriangularOptions, options, 'InvertedTriangular');
    this.schedule = new EpochSchedule(momenta(optimizer), (initial, epoch) => {
      const lowest = initial / ratio;
      if (epoch <= coolDown) return initial - ((initial - lowest) * epoch) / coolDown;
      if (epoch <= coolDown + warmUp) return lowest + ((initial - lowest) * (epoch - coolDown)) / warmUp;
      return initial;
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
