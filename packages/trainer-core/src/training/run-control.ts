import type { Control } from '../contracts/callbacks.js';
import { readState } from '../state/state-dict.js';
import type { StateDict, Stateful } from '../state/state-dict.js';

/** What was asked for since the last boundary between two steps. */
export class RunControl implements Control, Stateful {
  private saveRequested = false;
  private evaluateRequested = false;
  private skipRequested = false;
  stopRequested = false;
  /** What interrupted the run, or null. */
  interruption: string | null = null;

  stop(): void {
    this.stopRequested = true;
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
    this.interruption ??= reason;
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

  /** The request that acts later than at the step boundary after which it is saved. */
  stateDict(): StateDict {
    return { skipValidation: this.skipRequested };
  }

  loadStateDict(state: StateDict): void {
    this.skipRequested = readState(state, 'skipValidation', 'boolean');
  }

  /** Forgets everything, for a new run. */
  reset(): void {
    this.saveRequested = false;
    this.evaluateRequested = false;
    this.skipRequested = false;
    this.stopRequested = false;
    this.interruption = null;
  }
}
