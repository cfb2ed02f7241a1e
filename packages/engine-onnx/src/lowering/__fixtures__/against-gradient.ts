import * as tf from '@tensorflow/tfjs-core';

import type { Result } from './against-cpu.js';

/**
 * The gradient of sum(dy * f(x)) by x from differences of f, which may be any function of tensors. Exact up to rounding
 * where f is linear in x, whatever the width of the difference.
 */
export function differences(f: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, dy: tf.Tensor, width = 1): Result {
  const data = Array.from(x.dataSync(), (_, i) =>
    tf.tidy(() => {
      const moved = (by: number): tf.Tensor => {
        const values = Float32Array.from(x.dataSync());
        values[i]! += by;
        return tf.tensor(values, x.shape);
      };
      const change = tf.sub(f(moved(width / 2)), f(moved(-width / 2)));
      return tf.sum(tf.mul(dy, change)).dataSync()[0]! / width;
    }),
  );
  return { shape: x.shape, dtype: 'float32', data };
}
