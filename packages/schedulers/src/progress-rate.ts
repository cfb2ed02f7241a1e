import type { Optimizer, StateDict } from '@x/trainer-core';
import { LearningRateScheduler } from '@x/trainer-core';

import { learningRates } from './group-field.js';
import type { ProgressRule } from './progress-schedule.js';
import { ProgressSchedule } from './progress-schedule.js';

/** A learning rate that is a function of its initial value, each group's own, and of progress. */
export abstract class ProgressRate extends LearningRateScheduler {
  private readonly schedule: ProgressSchedule;

  /** @throws ConfigError (`X_SCHEDULER`) if a parameter group has no learning rate. */
  constructor(optimizer: Optimizer, rule: ProgressRule) {
    super();
    this.schedule = new ProgressSchedule(learningRates(optimizer), rule);
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
