import * as tf from '@tensorflow/tfjs-core';

import type { Outputs, TensorMap } from '../contracts/batch.js';
import { EngineError, ModelError } from '../errors.js';
import type { Parameter } from '../state/parameters.js';
import { recordLookups, touchedRows } from './sparse-lookup.js';

/** What a computation gave, and how one of its scalars depends on parameters, by their name. */
export interface ValueAndGradients {
  readonly outputs: Outputs;
  readonly gradients: TensorMap;
  /** Of the gradients that are row-sparse: see `RuleInput.touchedRows`. */
  readonly touchedRows: TensorMap;
}

/**
 * The outputs of a computation and the gradients of one of its scalars.
 *
 * @param compute returns the scalar to differentiate and everything that shall leave.
 * @returns gradients by parameter name, without those that the scalar does not depend on.
 * @throws ModelError (`X_MODEL_NOTHING_TO_TRAIN`) if it depends on none of the parameters.
 */
export function valueAndGradients(
  compute: () => { readonly objective: tf.Scalar; readonly outputs: Outputs },
  parameters: readonly Parameter[],
): ValueAndGradients {
  if (parameters.length === 0) throw nothingToTrain();
  const kept: Outputs = {};
  const keptRows: TensorMap = {};
  try {
    const { grads, value } = tf.variableGrads(
      () => {
        const { result, lookups } = recordLookups(compute);
        const { objective, outputs } = result;
        // one by one: what is kept already is freed if the next one is no tensor
        for (const [name, tensor] of Object.entries(outputs)) kept[name] = tf.keep(tf.clone(checked(name, tensor)));
        const rows = touchedRows(objective, lookups, parameters);
        for (const [name, mask] of Object.entries(rows)) keptRows[name] = tf.keep(mask);
        return objective;
      },
      parameters.map(({ variable }) => variable),
    );
    value.dispose();
    const gradients: TensorMap = {};
    for (const { name, variable } of parameters) {
      const gradient = grads[variable.name];
      if (gradient !== undefined && gradient !== null) gradients[name] = gradient;
    }
    // Clones belong to the caller's tidy scope; what was kept would outlive an error further on.
    return { outputs: cloneAll(kept), gradients, touchedRows: cloneAll(keptRows) };
  } catch (error) {
    freeTape();
    throw explain(error);
  } finally {
    tf.dispose(kept);
    tf.dispose(keptRows);
  }
}

function cloneAll(tensors: TensorMap): TensorMap {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tf.clone(tensor)]));
}

/** Frees what the forward pass saved for the backward pass: tfjs does so at the end of a backward pass that succeeds. */
function freeTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? []) tf.dispose(saved ?? []);
}

function checked(name: string, output: unknown): tf.Tensor {
  if (output instanceof tf.Tensor) return output as tf.Tensor;
  throw new ModelError(
    'X_MODEL_INVALID',
    `the model's forward() must return tensors; its output "${name}" is ${output === null ? 'null' : typeof output}`,
  );
}

function explain(error: unknown): unknown {
  const message = error instanceof Error ? error.message : '';
  if (message.includes('Cannot find a connection between any variable and the result of the loss')) {
    return nothingToTrain({ cause: error });
  }
  if (message.includes('gradient function not found')) {
    return new EngineError(
      'X_ENGINE_NO_GRADIENTS',
      `${message} Either TensorFlow.js has none for that operation: compute the loss without it, or give it one with ` +
        "tf.customGrad. Or tfjs-core is alone, without gradients: import '@tensorflow/tfjs' (or '@tensorflow/tfjs-layers') once",
      { cause: error },
    );
  }
  return error;
}

function nothingToTrain(options?: ErrorOptions): ModelError {
  return new ModelError(
    'X_MODEL_NOTHING_TO_TRAIN',
    'the loss does not depend on any trainable parameter: every one is frozen, or forward() leaves tfjs in the middle',
    options,
  );
}
