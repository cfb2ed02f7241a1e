import * as tf from '@tensorflow/tfjs-core';

import { number } from './compare.mjs';

/** A tensor of a fixture: `{ shape, data, dtype? }`, int64 as int32. */
export function tensor({ shape, data, dtype }) {
  return tf.tensor(data.map(number), shape, dtype === 'int64' ? 'int32' : 'float32');
}

/** Fixture tensors by name as variables by name. */
export function variables(tensors) {
  return Object.fromEntries(Object.entries(tensors).map(([name, value]) => [name, tf.variable(tensor(value))]));
}

/** The values of tensors by name, as flat lists. */
export function values(tensors) {
  return Object.fromEntries(Object.entries(tensors).map(([name, value]) => [name, [...value.dataSync()]]));
}

/** A batch of a fixture: tensors where it has `shape`, static fields as they are. */
export function batch(fields) {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value?.shape === undefined ? value : tensor(value)]),
  );
}
