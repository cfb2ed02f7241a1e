import * as tf from '@tensorflow/tfjs-core';

import type { BatchValue } from '../contracts/batch.js';
import { DataError } from '../errors.js';

/**
 * The weight of each example from the weight of its class, as tfjs's `classWeight` has it.
 *
 * @param labels class numbers `[n]` or `[n, 1]`, or one-hot `[n, classes]`.
 * @returns weights `[n]`, owned by the caller.
 * @throws DataError (`X_DATA_INVALID`) for other labels, and for a class without a weight.
 */
export async function classWeights(
  labels: BatchValue | undefined,
  weights: Readonly<Record<number, number>>,
): Promise<tf.Tensor> {
  if (!(labels instanceof tf.Tensor) || labels.rank < 1 || labels.rank > 2) {
    throw new DataError(
      'X_DATA_INVALID',
      'classWeight needs the labels of one output: class numbers, or one-hot vectors of classes',
    );
  }
  const oneHot = labels.rank === 2 && labels.shape[1]! > 1;
  const classes = tf.tidy(() => (oneHot ? tf.argMax(labels, 1) : tf.reshape(labels, [-1])));
  try {
    const values = [...(await classes.data())].map((label) => {
      const weight = weights[label];
      if (weight !== undefined) return weight;
      throw new DataError('X_DATA_INVALID', `classWeight has no weight for class ${label}, which is in the labels`);
    });
    return tf.tensor1d(values, 'float32');
  } finally {
    classes.dispose();
  }
}
