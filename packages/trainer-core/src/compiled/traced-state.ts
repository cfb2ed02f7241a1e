import type * as tf from '@tensorflow/tfjs-core';

import type { ProgramState } from '../contracts/engine.js';
import { checkFits } from '../engine/transaction.js';
import type { NamedState } from '../state/named-state.js';
import type { SymbolicValue } from './target.js';

/** The named state while a program is traced: values are kept, tensors are made of them when somebody reads. */
export class TracedState<V> implements ProgramState {
  readonly writes = new Map<string, V | null>();
  /** The temporaries that decided what the program did: their shapes and types, undefined where there was none. */
  readonly temporaries = new Map<string, SymbolicValue | undefined>();

  constructor(
    private readonly state: NamedState,
    private readonly symbols: {
      valueOf(tensor: tf.Tensor): V;
      tensorOf(value: V, origin: string): tf.Tensor;
      temporary(name: string, tensor: tf.Tensor): V;
    },
  ) {}

  read(name: string): tf.Tensor | undefined {
    const written = this.writes.get(name);
    if (written !== undefined) return written === null ? undefined : this.symbols.tensorOf(written, `the new ${name}`);
    const variable = this.state.variable(name);
    if (variable !== undefined) return variable;
    const temporary = this.state.get(name);
    this.temporaries.set(name, temporary && { shape: [...temporary.shape], dtype: temporary.dtype });
    return temporary && this.symbols.tensorOf(this.symbols.temporary(name, temporary), name);
  }

  write(name: string, value: tf.Tensor | null): void {
    if (value !== null) checkFits(this.state, name, value);
    this.writes.set(name, value === null ? null : this.symbols.valueOf(value));
  }
}
