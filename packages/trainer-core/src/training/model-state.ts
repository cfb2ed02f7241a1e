import type * as tf from '@tensorflow/tfjs-core';

import type { TensorMap } from '../contracts/batch.js';
import type { ModelLike } from '../contracts/model.js';
import { StateError } from '../errors.js';
import { misfit } from '../state/state-dict.js';

/** Parameters and buffers of a model by name: all that its weights file holds. */
export function modelVariables(model: ModelLike): Record<string, tf.Variable> {
  return { ...model.namedVariables(), ...model.namedBuffers?.() };
}

/**
 * Puts weights into a model. The tensors stay the caller's.
 *
 * @throws StateError (`X_STATE_MISMATCH`) naming every missing, surplus and differently shaped weight; nothing is changed.
 */
export function loadModelState(model: ModelLike, weights: Readonly<TensorMap>): void {
  const variables = modelVariables(model);
  const problems = [
    ...Object.keys(variables).flatMap((name) => {
      const tensor = weights[name];
      if (tensor === undefined) return [`"${name}" is missing`];
      const difference = misfit(tensor, variables[name]!);
      return difference === null ? [] : [`"${name}" ${difference}`];
    }),
    ...Object.keys(weights)
      .filter((name) => !(name in variables))
      .map((name) => `"${name}" is not in the model`),
  ];
  if (problems.length > 0) {
    throw new StateError('X_STATE_MISMATCH', `the weights do not fit the model: ${problems.join('; ')}`);
  }
  for (const [name, variable] of Object.entries(variables)) variable.assign(weights[name]!);
}
