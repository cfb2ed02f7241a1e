import * as tf from '@tensorflow/tfjs-core';

type Factor = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

/** Of equal arguments the first gets the gradient, as in tfjs. */
const maximumGradient = broadcasting(
  tf.Maximum,
  (a, b) => mask(tf.greaterEqual(a, b)),
  (a, b) => mask(tf.less(a, b)),
);

const minimumGradient = broadcasting(
  tf.Minimum,
  (a, b) => mask(tf.lessEqual(a, b)),
  (a, b) => mask(tf.greater(a, b)),
);

const squaredDifferenceGradient = broadcasting(
  tf.SquaredDifference,
  (a, b) => tf.mul(tf.sub(a, b), 2),
  (a, b) => tf.mul(tf.sub(b, a), 2),
);

/** Gradients of kernels of two arguments that broadcast: tfjs has those of arguments of one shape, and throws otherwise. */
export const broadcastingGradients: readonly tf.GradConfig[] = [
  maximumGradient,
  minimumGradient,
  squaredDifferenceGradient,
];

function broadcasting(kernelName: string, factorOfA: Factor, factorOfB: Factor): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, saved) => {
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      return {
        a: () => summedTo(a.shape, tf.mul(dy as tf.Tensor, factorOfA(a, b))),
        b: () => summedTo(b.shape, tf.mul(dy as tf.Tensor, factorOfB(a, b))),
      };
    },
  };
}

function mask(condition: tf.Tensor): tf.Tensor {
  return tf.cast(condition, 'float32');
}

/** Sums over what was broadcast. */
function summedTo(shape: number[], gradient: tf.Tensor): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, gradient.shape);
  return tf.reshape(axes.length === 0 ? gradient : tf.sum(gradient, axes), shape);
}
