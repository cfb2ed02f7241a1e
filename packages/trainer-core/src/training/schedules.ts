import type { LearningRateScheduler, MomentumScheduler } from '../contracts/scheduler.js';

/** The schedules of a run, of which there may be none. */
export class Schedules {
  private readonly schedulers: readonly (LearningRateScheduler | MomentumScheduler)[];

  constructor(...schedulers: readonly (LearningRateScheduler | MomentumScheduler | null)[]) {
    this.schedulers = schedulers.filter((scheduler) => scheduler !== null);
  }

  /** Sets the hyperparameters of the step with this number, 1 at the first. */
  stepStarts(batchNumTotal: number): void {
    for (const scheduler of this.schedulers) scheduler.stepBatch(batchNumTotal);
  }

  /** @param metric what the epoch's validation gave, null without one. */
  epochEnded(metric: number | null): void {
    for (const scheduler of this.schedulers) scheduler.step(metric);
  }
}
