import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { functionalModel, uniform } from '@x/trainer-core';

import { binary, classes, numbers, oneHot } from './data.js';
import { batches, layersEntry } from './layers-entry.js';
import { crossEntropyOfLogits } from './losses.js';
import type { ZooEntry } from './zoo-entry.js';

/** Two hidden layers, with dropout. */
export const perceptron: ZooEntry = layersEntry({
  name: 'perceptron',
  build: (layers) =>
    tfl.sequential({
      layers: [
        layers.dense({ units: 32, activation: 'relu', inputShape: [20] }),
        tfl.layers.dropout({ rate: 0.3 }),
        layers.dense({ units: 16, activation: 'tanh' }),
        layers.dense({ units: 5 }),
      ],
    }),
  loss: crossEntropyOfLogits,
  draw: (random) => ({ x: numbers([16, 20], random.at('x')), y: oneHot([16], 5, random.at('y')) }),
});

/** As users of `model.compile` have it: loss and metrics by name, penalties, batch normalisation and noise in the layers. */
export const compiledClassifier: ZooEntry = layersEntry({
  name: 'compiledClassifier',
  build: (layers) =>
    tfl.sequential({
      layers: [
        layers.dense({
          units: 16,
          activation: 'relu',
          inputShape: [10],
          kernelRegularizer: tfl.regularizers.l1l2({ l1: 1e-3, l2: 1e-3 }),
        }),
        layers.batchNormalization(),
        tfl.layers.gaussianNoise({ stddev: 0.1 }),
        layers.dense({ units: 4, activation: 'softmax' }),
      ],
    }),
  loss: 'categoricalCrossentropy',
  metrics: ['accuracy'],
  draw: (random) => ({ x: numbers([8, 10], random.at('x')), y: oneHot([8], 4, random.at('y')) }),
});

/** The mean of the embeddings of a text's words, classified; a penalty on one layer's weights. */
export const embeddingBag: ZooEntry = layersEntry({
  name: 'embeddingBag',
  build: (layers) =>
    tfl.sequential({
      layers: [
        layers.embedding({ inputDim: 50, outputDim: 8, inputLength: 12 }),
        tfl.layers.globalAveragePooling1d(),
        layers.dense({ units: 16, activation: 'elu', kernelRegularizer: tfl.regularizers.l2({ l2: 1e-3 }) }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    }),
  loss: (labels, predictions) => tf.losses.logLoss(labels, predictions),
  draw: (random) => ({ x: classes([8, 12], 50, random.at('x')), y: binary([8, 1], random.at('y')) }),
});

/** Bare tfjs ops, a penalty in the loss, an accuracy among the outputs, gradients bounded by norm, averaged weights. */
export const clippedAndAveraged: ZooEntry = {
  name: 'clippedAndAveraged',
  gradNorm: 0.5,
  averaged: true,
  make: () => ({
    model: functionalModel({
      init: (random) => ({
        hidden: uniform([10, 16], random.at('hidden'), -0.3, 0.3),
        bias: tf.zeros([16]),
        out: uniform([16, 4], random.at('out'), -0.3, 0.3),
      }),
      forward: ({ hidden, bias, out }, batch) => {
        const x = batch['x'] as tf.Tensor2D;
        const y = batch['y'] as tf.Tensor1D;
        const features = tf.leakyRelu(tf.add(tf.matMul(x, hidden), bias));
        const logits = tf.matMul(features, out);
        const fit = crossEntropyOfLogits(tf.cast(tf.oneHot(y, 4), 'float32'), logits);
        const penalty = tf.mul(1e-3, tf.sum(tf.square(hidden)));
        const accuracy = tf.mean(tf.cast(tf.equal(tf.argMax(logits, 1), y), 'float32'));
        return { loss: tf.add(fit, penalty), accuracy };
      },
    }),
    batch: batches('clippedAndAveraged', (random) => ({
      x: numbers([8, 10], random.at('x')),
      y: classes([8], 4, random.at('y')),
    })),
  }),
};
