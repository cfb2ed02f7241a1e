import * as tf from '@tensorflow/tfjs-core';

const TINY = 1e-7;

/** The mean over the batch of -log softmax(logits) at the label. Both are [..., classes]. */
export function crossEntropyOfLogits(labels: tf.Tensor, logits: tf.Tensor): tf.Tensor {
  return tf.losses.softmaxCrossEntropy(labels, logits);
}

/** The mean over the batch, and over its positions, of -log p at the label. Both are [..., classes]. */
export function crossEntropyOfProbabilities(labels: tf.Tensor, probabilities: tf.Tensor): tf.Tensor {
  return tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.log(tf.add(probabilities, TINY))), -1)));
}
