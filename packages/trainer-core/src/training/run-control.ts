import type { Control } from '../contracts/callbacks.js';
import type { Communicator } from '../contracts/communicator.js';
import { readState } from '../state/state-dict.js';
import type { StateDict, Stateful } from '../state/state-dict.js';

/** What was asked for since the last boundary between two steps. */
export class RunControl implements Control, Stateful {
  private saveRequested = false;
  private evaluateRequested = false;
  private skipRequested = false;
  /** Why training is to end after this step, or null. */
  stopReason: string | null = null;
  private askedToInterrupt: string | null = null;
  /** What interrupted the run, or null: what all workers agreed on, not what came since. */
  interruption: string | null = null;

  get stopRequested(): boolean {
    return this.stopReason !== null;
  }

  /** @param reason for people: what asked, and for what. */
  stop(reason: string = 'a callback asked to stop'): void {
    this.stopReason ??= reason;
  }

  saveNow(): void {
    this.saveRequested = true;
  }

  evaluateNow(): void {
    this.evaluateRequested = true;
  }

  skipValidation(): void {
    this.skipRequested = true;
  }

  interrupt(reason: string): void {
    this.askedToInterrupt ??= reason;
  }

  /**
   * Makes what any worker was asked for since the last boundary the request of all: they save, evaluate, validate, stop and
   * are interrupted at the same place, also where the signal reached one of them, or reached them at different times.
   */
  async agree(communicator: Communicator): Promise<void> {
    const own = this.askedToInterrupt;
    if (communicator.worldSize === 1) {
      this.interruption = own;
      return;
    }
    const { save, evaluate, skip, stop, interrupted } = await communicator.allReduceSum({
      save: Number(this.saveRequested),
      evaluate: Number(this.evaluateRequested),
      skip: Number(this.skipRequested),
      stop: Number(this.stopRequested),
      interrupted: Number(own !== null),
    });
    this.saveRequested = save! > 0;
    this.evaluateRequested = evaluate! > 0;
    this.skipRequested = skip! > 0;
    if (stop! > 0) this.stop('another worker asked to stop');
    if (interrupted! > 0) this.interruption = own ?? 'another worker';
  }

  /** Takes the request: true once. */
  takeSave(): boolean {
    const requested = this.saveRequested;
    this.saveRequested = false;
    return requested;
  }

  takeEvaluate(): boolean {
    const requested = this.evaluateRequested;
    this.evaluateRequested = false;
    return requested;
  }

  takeSkipValidation(): boolean {
    const requested = this.skipRequested;
    this.skipRequested = false;
    return requested;
  }

  /** The requests that may still be open where a checkpoint is saved, and without which the run would be another one. */
  stateDict(): StateDict {
    return { skipValidation: this.skipRequested, evaluate: this.evaluateRequested };
  }

  loadStateDict(state: StateDict): void {
    const skipValidation = readState(state, 'skipValidation', 'boolean');
    this.evaluateRequested = readState(state, 'evaluate', 'boolean');
    this.skipRequested = skipValidation;
  }

  /** Forgets everything, for a new run. */
  reset(): void {
    this.saveRequested = false;
    this.evaluateRequested = false;
    this.skipRequested = false;
    this.stopReason = null;
    this.askedToInterrupt = null;
    this.interruption = null;
  }
}
