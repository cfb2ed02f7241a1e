import * as tf from '@tensorflow/tfjs-core';

import type { Batch, Outputs } from '../contracts/batch.js';
import type { Program, ProgramState } from '../contracts/engine.js';
import type { Precision } from '../contracts/precision.js';
import type { Parameter } from '../state/parameters.js';
import { clamped } from './rescale.js';
import { valueAndGradients } from './value-and-gradients.js';

export interface GradientsOptions {
  /** The model's outputs for a training batch, with `loss` (penalty included). */
  readonly outputs: (batch: Batch) => Outputs;
  /** The parameters to differentiate by. */
  readonly parameters: readonly Parameter[];
  /** State that the forward pass assigns. */
  readonly buffers: Readonly<Record<string, tf.Variable>>;
  readonly precision: Precision;
  /** Clamps each element of each micro-batch's gradient to [-clipping, clipping]; null does not. */
  readonly clipping: number | null;
  /** Whether the loss decides if the run is committed. Default true. */
  readonly guarded?: boolean;
}

/**
 * One micro-batch: forward, backward of loss / `groupSize`, and the gradients, unscaled and clamped, added to
 * `gradients/*`; the rows that row-sparse ones touch to `touchedRows/*`. What the forward pass assigns to buffers goes to
 * `pending/*`, from where `update` takes it.
 *
 * Numbers: `groupSize`, `lossScale`.
 */
export function gradientsProgram(options: GradientsOptions): Program {
  const { outputs, parameters, buffers, precision, clipping, guarded = true } = options;
  return {
    name: 'gradients',
    key: JSON.stringify([parameters.map(({ name }) => name), clipping]),
    guards: guarded ? ['loss'] : [],
    run({ batch, numbers }, state) {
      const result = withPendingBuffers(buffers, state, () =>
        valueAndGradients(() => {
          const all = precision.forward(() => outputs(batch));
          const share = tf.div(all['loss']!, numbers['groupSize']!);
          return { objective: tf.mul<tf.Scalar>(share, numbers['lossScale']!), outputs: all };
        }, parameters),
      );
      for (const [name, scaled] of Object.entries(result.gradients)) {
        const unscaled = precision.unscale(scaled, numbers['lossScale']!);
        const gradient = clipping === null ? unscaled : clamped(unscaled, clipping);
        const sum = state.read(`gradients/${name}`);
        state.write(`gradients/${name}`, sum === undefined ? gradient : tf.add(sum, gradient));
        addTouchedRows(state, name, result.touchedRows[name], sum === undefined);
      }
      return result.outputs;
    },
  };
}

/** A gradient that is dense in one micro-batch is dense. */
function addTouchedRows(state: ProgramState, name: string, rows: tf.Tensor | undefined, isFirst: boolean): void {
  const before = state.read(`touchedRows/${name}`);
  if (rows !== undefined && isFirst) state.write(`touchedRows/${name}`, rows);
  else if (rows !== undefined && before !== undefined) state.write(`touchedRows/${name}`, tf.maximum(before, rows));
  else if (before !== undefined) state.write(`touchedRows/${name}`, null);
}

/** Lets the model see and assign its buffers while their committed values stay as they are. */
function withPendingBuffers<R>(buffers: Readonly<Record<string, tf.Variable>>, state: ProgramState, run: () => R): R {
  const committed = Object.entries(buffers).map(([name, variable]) => ({ name, variable, value: tf.clone(variable) }));
  try {
    for (const { name, variable } of committed) {
      const pending = state.read(`pending/${name}`);
      if (pending !== undefined) variable.assign(pending);
    }
    const result = run();
    for (const { name, variable } of committed) state.write(`pending/${name}`, variable);
    return result;
  } finally {
    for (const { variable, value } of committed) variable.assign(value);
  }
}
