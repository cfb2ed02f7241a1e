import * as tf from '@tensorflow/tfjs-core';

/** The next value of a running average: kept * before + fresh * value, where kept + fresh = 1. */
export function runningAverage(before: tf.Tensor, value: tf.Tensor, kept: tf.Scalar, fresh: tf.Scalar): tf.Tensor {
  return tf.add(tf.mul(before, kept), tf.mul(value, fresh));
}
