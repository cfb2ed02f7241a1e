import * as tf from '@tensorflow/tfjs-core';

import type { Outputs, TensorMap } from '../contracts/batch.js';
import { EngineError, ModelError } from '../errors.js';
import type { Parameter } from '../state/parameters.js';

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
): { outputs: Outputs; gradients: TensorMap } {
  if (parameters.length === 0) throw nothingToTrain();
  const kept: Outputs = {};
  let failure: { readonly error: unknown } | undefined;
  try {
    const { grads, value } = tf.variableGrads(
      () => {
        try {
          const { objective, outputs } = compute();
          // one by one: what is kept already is freed if the next one is no tensor
          for (const [name, tensor] of Object.entries(outputs)) kept[name] = tf.keep(tf.clone(checked(name, tensor)));
          return objective;
        } catch (error) {
          // What the forward pass saved for the backward pass is freed by a backward pass only: so there is one, of nothing.
          failure = { error };
          return tf.sum<tf.Scalar>(parameters[0]!.variable);
        }
      },
      parameters.map(({ variable }) => variable),
    );
    if (failure !== undefined) throw failure.error;
    value.dispose();
    const gradients: TensorMap = {};
    for (const { name, variable } of parameters) {
      const gradient = grads[variable.name];
      if (gradient !== undefined && gradient !== null) gradients[name] = gradient;
    }
    // Clones belong to the caller's tidy scope; what was kept would outlive an error further on.
    return {
      outputs: Object.fromEntries(Object.entries(kept).map(([name, tensor]) => [name, tf.clone(tensor)])),
      gradients,
    };
  } catch (error) {
    throw explain(error);
  } finally {
    tf.dispose(kept);
  }
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
      `${message}; tfjs-core alone has no gradients in Node: import '@tensorflow/tfjs' (or '@tensorflow/tfjs-layers') once`,
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
