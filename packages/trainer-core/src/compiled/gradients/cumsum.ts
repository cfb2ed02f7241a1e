import * as tf from '@tensorflow/tfjs-core';

/** The gradient of Cumsum: the sum from the other end. That of tfjs transposes the result unless the axis is the last. */
export const cumsumGradient: tf.GradConfig = {
  kernelName: tf.Cumsum,
  gradFunc: (dy, _saved, attributes) => {
    const { axis, exclusive, reverse } = attributes as unknown as tf.CumsumAttrs;
    return { x: () => tf.cumsum(dy as tf.Tensor, axis, exclusive, !reverse) };
  },
};
