import * as tf from '@tensorflow/tfjs-core';

/** The gradient of Multinomial, of which tfjs has none: what is drawn does not move with the logits. */
export const multinomialGradient: tf.GradConfig = {
  kernelName: tf.Multinomial,
  inputsToSave: ['logits'],
  gradFunc: (_dy, [logits]) => ({ logits: () => tf.zerosLike(logits!) }),
};
