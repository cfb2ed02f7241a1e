import * as tf from '@tensorflow/tfjs-core';

import type { ProgramState } from '../contracts/engine.js';
import { StateError } from '../errors.js';
import type { NamedState } from '../state/named-state.js';

/** The writes of one run of a program, invisible to everybody else until they are committed all together. */
export class Transaction implements ProgramState {
  private readonly writes = new Map<string, tf.Tensor | null>();

  constructor(private readonly state: NamedState) {}

  get written(): ReadonlySet<string> {
    return new Set(this.writes.keys());
  }

  read(name: string): tf.Tensor | undefined {
    const written = this.writes.get(name);
    return written === undefined ? this.state.get(name) : (written ?? undefined);
  }

  write(name: string, value: tf.Tensor | null): void {
    if (value !== null) checkFits(this.state, name, value);
    this.forget(name);
    this.writes.set(name, value === null ? null : tf.keep(tf.clone(value)));
  }

  /** Drops what was written under a name. */
  forget(name: string): void {
    this.writes.get(name)?.dispose();
    this.writes.delete(name);
  }

  commit(): void {
    for (const [name, value] of this.writes) {
      if (value === null) this.state.remove(name);
      else this.state.set(name, value);
    }
    this.release();
  }

  /** Frees what was written. Harmless after a commit. */
  release(): void {
    for (const value of this.writes.values()) value?.dispose();
    this.writes.clear();
  }
}

/** Writes that are seen at once, over those that a transaction holds back. */
export class WritesInPlace implements ProgramState {
  readonly written: Set<string> = new Set();

  constructor(
    private readonly state: NamedState,
    private readonly pending: Transaction,
  ) {}

  read(name: string): tf.Tensor | undefined {
    return this.pending.read(name);
  }

  write(name: string, value: tf.Tensor | null): void {
    if (value === null) this.state.remove(name);
    else {
      checkFits(this.state, name, value);
      this.state.set(name, value);
    }
    this.pending.forget(name);
    this.written.add(name);
  }
}

/** A variable keeps its shape and type. Checked before a write, because a commit that fails half way would be seen. */
export function checkFits(state: NamedState, name: string, value: tf.Tensor): void {
  const variable = state.variable(name);
  if (variable === undefined) return;
  if (tf.util.arraysEqual(variable.shape, value.shape) && variable.dtype === value.dtype) return;
  throw new StateError(
    'X_STATE_MISMATCH',
    `a program wrote a ${value.dtype} tensor of shape [${value.shape}] to "${name}", which is ${variable.dtype} of shape ` +
      `[${variable.shape}]`,
  );
}
