import type { StateDict, Stateful } from '@x/trainer-core';
import { readState } from '@x/trainer-core';

import type { GroupField } from './group-field.js';

/** A hyperparameter as a function of its initial value and of the number of epochs done. */
export class EpochSchedule implements Stateful {
  private epochsDone = 0;

  constructor(
    private readonly field: GroupField,
    private readonly value: (initial: number, epochsDone: number) => number,
  ) {}

  /** Counts an epoch and writes the values for the next one. */
  step(): void {
    this.epochsDone += 1;
    this.field.set((initial) => this.value(initial, this.epochsDone));
  }

  stateDict(): StateDict {
    return { epochsDone: this.epochsDone };
  }

  loadStateDict(state: StateDict): void {
    this.epochsDone = readState(state, 'epochsDone', 'number');
  }
}
