import type { StateDict, Stateful } from '@x/trainer-core';
import { readState } from '@x/trainer-core';
import { z } from 'zod';

import type { GroupField } from './group-field.js';

/** What the progress of a schedule counts. */
export const Unit = z.enum(['step', 'epoch']);

export type Unit = z.output<typeof Unit>;

/** The option `per` of schedules that are told in epochs. */
export const perEpoch = Unit.default('epoch').describe('What is counted: epochs or steps');

/** The option `per` of schedules by the number of the step, as AllenNLP has them. */
export const perStepNumber = Unit.default('step').describe(
  'What is counted: the number of the step, from 1, or the epochs done',
);

/** A hyperparameter as a function of its initial value and of progress: of how many steps, or epochs, are done. */
export interface ProgressRule {
  readonly per: Unit;
  readonly value: (initial: number, progress: number, group: number) => number;
  /**
   * What the first step is counted as: 0 where progress is the steps done before it, as in torch; 1 where it is the number
   * of the step itself, as in AllenNLP's schedules by step. Default 0.
   */
  readonly firstStep?: 0 | 1;
}

/** Applies a rule to every group of an optimizer, from construction on. */
export class ProgressSchedule implements Stateful {
  private epochsDone = 0;

  constructor(
    private readonly field: GroupField,
    private readonly rule: ProgressRule,
  ) {
    this.set(0);
  }

  /** Counts an epoch, and in a schedule by epochs writes the values for the next one. */
  step(): void {
    this.epochsDone += 1;
    if (this.rule.per === 'epoch') this.set(this.epochsDone);
  }

  /** In a schedule by steps, writes the values for a step. */
  stepBatch(batchNumTotal: number): void {
    const { per, firstStep = 0 } = this.rule;
    if (per === 'step') this.set(batchNumTotal - 1 + firstStep);
  }

  stateDict(): StateDict {
    return { epochsDone: this.epochsDone };
  }

  loadStateDict(state: StateDict): void {
    this.epochsDone = readState(state, 'epochsDone', 'number');
  }

  private set(progress: number): void {
    this.field.set((initial, group) => this.rule.value(initial, progress, group));
  }
}
