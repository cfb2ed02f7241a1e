import * as tf from '@tensorflow/tfjs-core';

import type { Batch, BatchValue } from '../contracts/batch.js';

/** The same batch with other tensors, in the order of `tensorsIn`. A path is as `images` or `tokens.ids.0`. */
export function mapTensors(batch: Batch, map: (tensor: tf.Tensor, path: string) => tf.Tensor): Batch {
  const mapped = (value: BatchValue, path: readonly string[]): BatchValue => {
    if (value instanceof tf.Tensor) return map(value, path.join('.'));
    if (Array.isArray(value))
      return (value as readonly BatchValue[]).map((entry, i) => mapped(entry, [...path, String(i)]));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, mapped(entry, [...path, key])]));
  };
  return mapped(batch, []) as Batch;
}
