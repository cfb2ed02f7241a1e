import * as tf from '@tensorflow/tfjs-core';

import { userLineOf, withDeepStacks } from '../compiled/user-line.js';
import { messageOf } from '../config/show.js';
import type { Batch, BatchValue, Outputs } from '../contracts/batch.js';
import type { ForwardMode, ModelLike } from '../contracts/model.js';
import { ModelError, TrainerError } from '../errors.js';

/**
 * A model's outputs for a batch.
 *
 * @throws ModelError (`X_MODEL_INVALID`) around errors that are not ours: most are of TensorFlow.js, about a tensor that it
 *   does not name, so the message says what the batch has.
 */
export function runForward(model: ModelLike, batch: Batch, mode: ForwardMode): Outputs {
  try {
    const outputs: unknown = withDeepStacks(() => model.forward(batch, mode));
    if (outputs instanceof Promise) {
      // nobody else waits for it
      outputs.catch(() => undefined);
      throw new ModelError(
        'X_MODEL_INVALID',
        "the model's forward() is asynchronous, and must be a synchronous function: read no values in it, and await " +
          'whatever it needs in the data loader or before training',
      );
    }
    return outputs as Outputs;
  } catch (error) {
    if (error instanceof TrainerError) throw error;
    const entries = Object.entries(batch).map(([name, value]) => `${name}: ${inWords(value)}`);
    throw new ModelError(
      'X_MODEL_INVALID',
      `the model's forward() failed: ${messageOf(error)}; the batch has ${entries.join(', ') || 'nothing'}${placeOf(error)}`,
      { cause: error },
    );
  }
}

/** TensorFlow.js is on top of the stack, and says nothing of who called it. */
function placeOf(error: unknown): string {
  const place = error instanceof Error ? userLineOf(error.stack ?? '') : '';
  return place === '' ? '' : ` (at ${place})`;
}

function inWords(value: BatchValue | undefined): string {
  if (value instanceof tf.Tensor) return `${value.dtype} [${value.shape}]`;
  return Array.isArray(value) ? `a list of ${value.length}` : typeof value;
}
