import * as tf from '@tensorflow/tfjs-core';

import type { NamedState } from '../state/named-state.js';
import { symbolicBackend } from './symbolic-backend.js';
import type { ActiveTrace } from './symbolic-backend.js';
import { announceData, liveVariables, pointVariable, reviveVariable } from './tfjs-internals.js';
import type { DataId } from './tfjs-internals.js';
import { TraceError } from './trace-error.js';

/** A variable, and what it stands for while a step is traced. */
interface BoundVariable<V> {
  readonly name: string;
  readonly variable: tf.Variable;
  /** Undefined for a variable that is not in the state: it is an input once it is used. */
  readonly value: V | undefined;
  /** Its elements while the step is traced, and before. */
  readonly dataId: DataId;
  readonly before: DataId;
}

/** Every variable that is alive stands for a symbolic value until {@link release}, so that nothing can happen to it. */
export class BoundVariables<V> {
  private readonly bound = new Map<tf.Variable, BoundVariable<V>>();
  private readonly others = new Map<DataId, tf.Variable>();

  /** @param inputOf the value of what stands under a name of the state. */
  constructor(
    private readonly trace: ActiveTrace,
    state: NamedState,
    parameters: 'raw' | 'averaged',
    inputOf: (name: string, variable: tf.Variable) => V,
  ) {
    const averaged = new Set(parameters === 'averaged' ? state.variablesIn('averages') : []);
    for (const [name, variable] of state.allVariables()) {
      if (this.bound.has(variable)) continue;
      const [folder, own] = [name.slice(0, name.indexOf('/')), name.slice(name.indexOf('/') + 1)];
      const source = folder === 'parameters' && averaged.has(own) ? `averages/${own}` : name;
      this.bind(name, variable, inputOf(source, variable));
    }
    for (const variable of liveVariables()) {
      if (!this.bound.has(variable)) this.others.set(this.bind(variable.name, variable, undefined), variable);
    }
    for (const { variable, dataId } of this.bound.values()) {
      announceData(dataId, { backend: symbolicBackend, dtype: variable.dtype, shape: variable.shape, bytes: 0 });
      pointVariable(variable, dataId);
    }
  }

  /** The variable outside of the state that elements seem to be of. */
  other(dataId: DataId): tf.Variable | undefined {
    return this.others.get(dataId);
  }

  /** @throws TraceError if a variable was made, disposed, or assigned for longer than a while. */
  check(valueOf: (variable: tf.Variable) => V): void {
    const { assignedAt } = this.trace;
    const [made] = this.made();
    if (made !== undefined) {
      const reason = "the step makes a variable: make variables before, in the model's constructor";
      throw new TraceError(reason, assignedAt.get(made.dataId));
    }
    for (const { name, variable, value, dataId } of this.bound.values()) {
      if (variable.isDisposed) throw new TraceError(`the step disposes the variable "${name}"`);
      if (variable.dataId === dataId || valueOf(variable) === value) continue;
      throw new TraceError(
        `the step assigns the variable "${name}": forward() may assign those that namedBuffers() lists, and no others`,
        assignedAt.get(variable.dataId),
      );
    }
  }

  /** Gives every variable its elements back, and disposes those that the step made. */
  release(): void {
    tf.dispose(this.made());
    const live = new Set(liveVariables());
    for (const { variable, before } of this.bound.values()) {
      pointVariable(variable, before);
      if (!live.has(variable)) reviveVariable(variable);
    }
  }

  private made(): tf.Variable[] {
    return liveVariables().filter((variable) => !this.bound.has(variable));
  }

  private bind(name: string, variable: tf.Variable, value: V | undefined): DataId {
    const dataId = symbolicBackend.make(value, `the variable ${name}`, this.trace);
    this.bound.set(variable, { name, variable, value, dataId, before: variable.dataId });
    return dataId;
  }
}
