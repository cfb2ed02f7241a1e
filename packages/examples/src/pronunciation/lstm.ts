import * as tf from '@tensorflow/tfjs-core';

/** The weights of a layer: for inputs of size x and a state of size h, gates in the order input, forget, cell, output. */
export interface LstmWeights {
  /** [x, 4h] */
  readonly kernel: tf.Tensor;
  /** [h, 4h] */
  readonly recurrent: tf.Tensor;
  /** [4h] */
  readonly bias: tf.Tensor;
}

/**
 * A long short-term memory (Hochreiter & Schmidhuber, 1997; with forget gates, Gers et al., 2000) from first to last
 * position, or `backwards`. Where `mask` is 0 the state stays as it is.
 *
 * @param inputs [batch, time, x]
 * @param mask [batch, time], 1 at data and 0 at padding
 * @returns the state at each position, [batch, time, h]
 */
export function lstm(
  inputs: tf.Tensor3D,
  mask: tf.Tensor2D,
  weights: LstmWeights,
  { backwards = false }: { readonly backwards?: boolean } = {},
): tf.Tensor3D {
  const [batch, time, size] = inputs.shape;
  const kernel = weights.kernel as tf.Tensor2D;
  const recurrent = weights.recurrent as tf.Tensor2D;
  const [units, gates] = recurrent.shape;

  // What the inputs bring to the gates needs no state: one product for all positions
  const projected = tf.add(tf.matMul(tf.reshape(inputs, [batch * time, size]), kernel), weights.bias);
  const fromInputs = tf.unstack(tf.reshape(projected, [batch, time, gates]), 1);
  const steps = tf.unstack(tf.expandDims(mask, 2), 1).map((keep, position) => ({ keep, input: fromInputs[position]! }));

  let state: tf.Tensor = tf.zeros([batch, units]);
  let cell: tf.Tensor = tf.zeros([batch, units]);
  const states = (backwards ? steps.reverse() : steps).map(({ keep, input }) => {
    const [i, f, c, o] = tf.split(tf.add(input, tf.matMul(state as tf.Tensor2D, recurrent)), 4, 1);
    const nextCell = tf.add(tf.mul(tf.sigmoid(f!), cell), tf.mul(tf.sigmoid(i!), tf.tanh(c!)));
    const nextState = tf.mul(tf.sigmoid(o!), tf.tanh(nextCell));
    cell = between(cell, nextCell, keep);
    state = between(state, nextState, keep);
    return state;
  });
  return tf.stack(backwards ? states.reverse() : states, 1) as tf.Tensor3D;
}

/** `next` where `keep` is 1, `last` where it is 0. */
function between(last: tf.Tensor, next: tf.Tensor, keep: tf.Tensor): tf.Tensor {
  return tf.add(last, tf.mul(keep, tf.sub(next, last)));
}
