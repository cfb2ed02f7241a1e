import type { StateDict } from '@x/trainer-core';
import { inject, MomentumScheduler, Optimizer, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { momenta } from './group-field.js';
import { perEpoch, ProgressSchedule } from './progress-schedule.js';

export const InvertedTriangularOptions = z.strictObject({
  coolDown: z.int().nonnegative().describe('Epochs (or steps, as `per` says) in which the momentum goes down'),
  warmUp: z.int().nonnegative().describe('Epochs after that in which it comes up again'),
  ratio: z.number().positive().default(10).describe('The initial momentum divided by the lowest'),
  per: perEpoch,
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
  private readonly schedule: ProgressSchedule;

  /** @throws ConfigError (`X_SCHEDULER`) if a group has neither `momentum` nor `betas`. */
  constructor(options: InvertedTriangularOptions, @inject(Optimizer) optimizer: Optimizer) {
    super();
    const { coolDown, warmUp, ratio, per } = parseOptions(InvertedTriangularOptions, options, 'InvertedTriangular');
    this.schedule = new ProgressSchedule(momenta(optimizer), {
      per,
      value: (initial, done) => {
        const lowest = initial / ratio;
        if (done === 0) return initial;
        if (done <= coolDown) return initial - ((initial - lowest) * done) / coolDown;
        if (done <= coolDown + warmUp) return lowest + ((initial - lowest) * (done - coolDown)) / warmUp;
        return initial;
      },
    });
  }

  override step(): void {
    this.schedule.step();
  }

  override stepBatch(batchNumTotal: number): void {
    this.schedule.stepBatch(batchNumTotal);
  }

  override stateDict(): StateDict {
    return this.schedule.stateDict();
  }

  override loadStateDict(state: StateDict): void {
    this.schedule.loadStateDict(state);
  }
}
