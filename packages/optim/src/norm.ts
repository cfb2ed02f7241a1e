import * as tf from '@tensorflow/tfjs-core';

/** The L2 norm of all elements, a scalar. */
export function norm(tensor: tf.Tensor): tf.Tensor {
  return tf.tidy(() => tf.sqrt(tf.sum(tf.square(tensor))));
}

/** The root mean square of all elements, a scalar. */
export function rms(tensor: tf.Tensor): tf.Tensor {
  return tf.tidy(() => tf.sqrt(tf.mean(tf.square(tensor))));
}
