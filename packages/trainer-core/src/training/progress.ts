import { batchSize } from '../contracts/batch.js';
import type { Batch } from '../contracts/batch.js';
import { readState } from '../state/state-dict.js';
import type { StateDict, Stateful } from '../state/state-dict.js';

/** Where a run is. */
export class Progress implements Stateful {
  /** The epoch under way, or the next one. 0-based. */
  epoch = 0;
  /** Optimizer steps made in that epoch. */
  batchesThisEpoch = 0;
  /** Optimizer steps made in all. */
  batchNumTotal = 0;
  /** Steps that were left out, because something in them was not finite. */
  stepsSkipped = 0;
  /** Batches taken from the data in all, those of skipped steps too. */
  batchesTotal = 0;
  /** Examples in them. */
  examplesTotal = 0;

  /** Whether that epoch is over, so that going on means the next one. */
  epochFinished = false;

  /** Counts a group of batches; one whose step was skipped moves the data on, and nothing else. */
  groupDone(group: readonly Batch[], stepCommitted: boolean): void {
    this.batchesTotal += group.length;
    this.examplesTotal += group.reduce((sum, batch) => sum + batchSize(batch), 0);
    this.batchesThisEpoch += 1;
    if (stepCommitted) this.batchNumTotal += 1;
    else this.stepsSkipped += 1;
  }

  epochDone(): void {
    this.epochFinished = true;
  }

  nextEpoch(): void {
    this.epoch += 1;
    this.batchesThisEpoch = 0;
    this.epochFinished = false;
  }

  stateDict(): StateDict {
    const { epoch, batchesThisEpoch, batchNumTotal, stepsSkipped, batchesTotal, examplesTotal, epochFinished } = this;
    return { epoch, batchesThisEpoch, batchNumTotal, stepsSkipped, batchesTotal, examplesTotal, epochFinished };
  }

  /** Goes on where the saved progress was: at the next batch, or at the next epoch. */
  loadStateDict(state: StateDict): void {
    const epoch = readState(state, 'epoch', 'number');
    const batchesThisEpoch = readState(state, 'batchesThisEpoch', 'number');
    const batchNumTotal = readState(state, 'batchNumTotal', 'number');
    const stepsSkipped = readState(state, 'stepsSkipped', 'number');
    const batchesTotal = readState(state, 'batchesTotal', 'number');
    const examplesTotal = readState(state, 'examplesTotal', 'number');
    const epochFinished = readState(state, 'epochFinished', 'boolean');
    Object.assign(this, {
      epoch,
      batchesThisEpoch,
      batchNumTotal,
      stepsSkipped,
      batchesTotal,
      examplesTotal,
      epochFinished,
    });
    if (epochFinished) this.nextEpoch();
  }
}
