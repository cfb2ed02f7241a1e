import * as tf from '@tensorflow/tfjs-core';

import type { Batch, Outputs } from '../contracts/batch.js';
import type { ModelLike } from '../contracts/model.js';
import { ModelError } from '../errors.js';
import { runForward } from './run-forward.js';

/**
 * All outputs of a model for a training batch, with its penalty as `regLoss` and added to `loss`.
 *
 * @param withoutPenalty what `regLoss` is for a model that has none: zero, or left out.
 * @throws ModelError (`X_MODEL_NO_LOSS`, `X_MODEL_LOSS_NOT_SCALAR`), and as {@link runForward}.
 */
export function penalizedOutputs(model: ModelLike, batch: Batch, withoutPenalty: 'zero' | 'none'): Outputs {
  const outputs = runForward(model, batch, { training: true });
  const { loss } = outputs;
  if (loss === undefined) {
    throw new ModelError(
      'X_MODEL_NO_LOSS',
      `the model's forward() must return a scalar "loss" in training; it returned ${Object.keys(outputs).join(', ') || 'nothing'}`,
    );
  }
  if (loss.size !== 1) {
    throw new ModelError(
      'X_MODEL_LOSS_NOT_SCALAR',
      `the model's "loss" must be a scalar, it has shape [${loss.shape}]; take its mean`,
    );
  }
  const penalty = model.regularizationPenalty?.() ?? (withoutPenalty === 'zero' ? tf.scalar(0) : null);
  const scalar = tf.reshape(loss, []);
  return penalty === null
    ? { ...outputs, loss: scalar }
    : { ...outputs, loss: tf.add(scalar, penalty), regLoss: penalty };
}

/** Whether a model has a penalty. */
export function hasPenalty(model: ModelLike): boolean {
  return tf.tidy(() => (model.regularizationPenalty?.() ?? null) !== null);
}
