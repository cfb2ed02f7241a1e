import * as tf from '@tensorflow/tfjs-core';
import { functionalModel, normal, xavierUniform } from '@x/trainer-core';
import type { FunctionalModel, Metric } from '@x/trainer-core';

import { embedding } from './embedding.js';

/** The mean of a mail's word vectors (each of `size` numbers), and a linear layer to the logits of no spam and spam. */
export function spamModel(options: {
  readonly vocabulary: number;
  readonly size: number;
  readonly metrics: readonly Metric[];
  readonly seed: number;
}): FunctionalModel {
  const { vocabulary, size, metrics, seed } = options;
  return functionalModel({
    seed,
    metrics,
    init: (random) => ({
      'words.table': normal([vocabulary, size], random.at('words')),
      'out.weight': xavierUniform([size, 2], random.at('out')),
      'out.bias': tf.zeros([2]),
    }),
    forward: (weights, { words, wordsMask, isSpam }) => {
      const vectors = embedding(weights['words.table'] as tf.Tensor2D, words as tf.Tensor2D);
      const mask = wordsMask as tf.Tensor2D;
      const sum = tf.sum(tf.mul(vectors, tf.expandDims(mask, 2)), 1);
      const mean = tf.div(sum, tf.maximum(tf.sum(mask, 1, true), 1));
      const logits = tf.add(tf.matMul(mean as tf.Tensor2D, weights['out.weight'] as tf.Tensor2D), weights['out.bias']);
      return { logits, loss: tf.losses.softmaxCrossEntropy(tf.oneHot(isSpam as tf.Tensor1D, 2), logits) };
    },
  });
}
