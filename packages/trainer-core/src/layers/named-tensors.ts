import * as tf from '@tensorflow/tfjs-core';

import type { BatchValue } from '../contracts/batch.js';
import { DataError } from '../errors.js';

/**
 * The tensors that a model wants, in its order, from a tensor, a list, or a dictionary by name. One-dimensional ones
 * become columns, as in tfjs's own `fit`.
 *
 * @param what what they are, for messages: `the batch's "x"`.
 * @throws DataError (`X_DATA_INVALID`) for missing or too many tensors.
 */
export function tensorsFor(names: readonly string[], value: BatchValue | undefined, what: string): tf.Tensor[] {
  return pick(names, value, what).map((tensor) => (tensor.rank === 1 ? tf.expandDims(tensor, 1) : tensor));
}

function pick(names: readonly string[], value: BatchValue | undefined, what: string): tf.Tensor[] {
  if (value instanceof tf.Tensor) {
    if (names.length === 1) return [value];
    throw invalid(names, what, 'one tensor');
  }
  if (Array.isArray(value)) {
    const tensors = value.filter((item): item is tf.Tensor => item instanceof tf.Tensor);
    if (tensors.length === names.length && tensors.length === value.length) return tensors;
    throw invalid(names, what, `a list of ${value.length}`);
  }
  if (value === null || typeof value !== 'object')
    throw invalid(names, what, value === undefined ? 'nothing' : `${typeof value}`);
  const byName = value as Readonly<Record<string, BatchValue>>;
  return names.map((name) => {
    const tensor = byName[name];
    if (tensor instanceof tf.Tensor) return tensor;
    throw invalid(names, what, `a dictionary of [${Object.keys(byName).join(', ')}]`);
  });
}

function invalid(names: readonly string[], what: string, received: string): DataError {
  return new DataError(
    'X_DATA_INVALID',
    `${what} should hold the tensors [${names.join(', ')}] (one tensor, a list in this order, or a dictionary), received ${received}`,
  );
}
