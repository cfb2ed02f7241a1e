import * as tf from '@tensorflow/tfjs-core';

/**
 * Rows of a table by number: [vocabulary, size] and int32 [...] to [..., size].
 *
 * `tf.gather` with its gradient as a scatter. The one that tfjs brings visits the whole batch once for each row of the
 * table, which takes half a minute for 5,000 words where this takes 30 milliseconds.
 */
export function embedding(table: tf.Tensor2D, indices: tf.Tensor): tf.Tensor {
  const [vocabulary, size] = table.shape;
  const lookUp = tf.customGrad((rows) => ({
    value: tf.gather(rows as tf.Tensor2D, indices as tf.Tensor1D),
    gradFunc: (gradient: tf.Tensor) =>
      tf.scatterND(tf.reshape(indices, [-1, 1]), tf.reshape(gradient, [-1, size]), [vocabulary, size]),
  }));
  return lookUp(table);
}
