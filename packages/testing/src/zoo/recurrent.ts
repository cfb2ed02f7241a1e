import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

import { classes, numbers, oneHot } from './data.js';
import { layersEntry } from './layers-entry.js';
import { crossEntropyOfLogits, crossEntropyOfProbabilities } from './losses.js';
import type { ZooEntry } from './zoo-entry.js';

type Symbolic = tfl.SymbolicTensor;

/** A label for every word; the word 0 is padding, which a mask leaves out of the recurrence. */
export const maskedTagger: ZooEntry = layersEntry({
  name: 'maskedTagger',
  build: (layers) =>
    tfl.sequential({
      layers: [
        layers.embedding({ inputDim: 30, outputDim: 12, inputLength: 10, maskZero: true }),
        layers.lstm({ units: 16, returnSequences: true }),
        layers.timeDistributed(layers.dense({ units: 6, activation: 'softmax' })),
      ],
    }),
  loss: crossEntropyOfProbabilities,
  draw: (random) => ({ x: classes([4, 10], 30, random.at('x')), y: oneHot([4, 10], 6, random.at('y')) }),
});

/** Gated units, with dropout of inputs and of states. */
export const gatedRecurrent: ZooEntry = layersEntry({
  name: 'gatedRecurrent',
  build: (layers) =>
    tfl.sequential({
      layers: [
        layers.gru({ units: 10, inputShape: [8, 5], dropout: 0.1, recurrentDropout: 0.1 }),
        layers.dense({ units: 3 }),
      ],
    }),
  loss: crossEntropyOfLogits,
  draw: (random) => ({ x: numbers([4, 8, 5], random.at('x')), y: oneHot([4], 3, random.at('y')) }),
});

/** Forwards and backwards through the sequence. */
export const bidirectional: ZooEntry = layersEntry({
  name: 'bidirectional',
  build: (layers) =>
    tfl.sequential({
      layers: [
        tfl.layers.bidirectional({
          name: 'bidirectional1',
          layer: layers.lstm({ units: 6 }),
          inputShape: [7, 5],
          mergeMode: 'concat',
        }),
        layers.dense({ units: 3 }),
      ],
    }),
  loss: crossEntropyOfLogits,
  draw: (random) => ({ x: numbers([4, 7, 5], random.at('x')), y: oneHot([4], 3, random.at('y')) }),
});

/** Plain recurrence (Elman, 1990), fitted to a number. */
export const simpleRecurrent: ZooEntry = layersEntry({
  name: 'simpleRecurrent',
  build: (layers) =>
    tfl.sequential({ layers: [layers.simpleRnn({ units: 10, inputShape: [8, 5] }), layers.dense({ units: 1 })] }),
  loss: 'meanSquaredError',
  draw: (random) => ({ x: numbers([4, 8, 5], random.at('x')), y: numbers([4, 1], random.at('y')) }),
});

/** Convolutions in place of the products of an LSTM, over short films (Shi et al., 2015). */
export const convolutionalRecurrent: ZooEntry = layersEntry({
  name: 'convolutionalRecurrent',
  build: (layers) =>
    tfl.sequential({
      layers: [
        layers.convLstm2d({ filters: 3, kernelSize: 3, inputShape: [3, 6, 6, 2] }),
        tfl.layers.flatten(),
        layers.dense({ units: 2 }),
      ],
    }),
  loss: (labels, predictions) => tf.losses.huberLoss(labels, predictions),
  draw: (random) => ({ x: numbers([2, 3, 6, 6, 2], random.at('x')), y: numbers([2, 2], random.at('y')) }),
});

/** An encoder and a decoder that attends to the encoder's states (Luong et al., 2015). */
export const translation: ZooEntry = layersEntry({
  name: 'translation',
  build: (layers) => {
    const length = 5;
    const source = tfl.input({ shape: [length], dtype: 'int32', name: 'source' });
    const target = tfl.input({ shape: [length], dtype: 'int32', name: 'target' });
    const embedded = (words: Symbolic): Symbolic =>
      layers.embedding({ inputDim: 12, outputDim: 6 }).apply(words) as Symbolic;
    const joined = (...parts: Symbolic[]): Symbolic => tfl.layers.concatenate().apply(parts) as Symbolic;
    const dot = (a: Symbolic, b: Symbolic, axes: [number, number]): Symbolic =>
      tfl.layers.dot({ axes }).apply([a, b]) as Symbolic;

    const encoder = layers.lstm({ units: 8, returnSequences: true, returnState: true });
    const [states, last] = encoder.apply(embedded(source)) as [Symbolic, Symbolic];
    const context = tfl.layers.repeatVector({ n: length }).apply(last) as Symbolic;
    const decoder = layers.lstm({ units: 8, returnSequences: true });
    const decoded = decoder.apply(joined(embedded(target), context)) as Symbolic;
    const scores = dot(decoded, states, [2, 2]);
    const weights = tfl.layers.activation({ activation: 'softmax' }).apply(scores) as Symbolic;
    const attended = joined(dot(weights, states, [2, 1]), decoded);
    const hidden = layers.timeDistributed(layers.dense({ units: 16, activation: 'tanh' }));
    const output = layers.timeDistributed(layers.dense({ units: 12, activation: 'softmax' }));
    const words = output.apply(hidden.apply(attended)) as Symbolic;
    return tfl.model({ inputs: [source, target], outputs: words });
  },
  loss: crossEntropyOfProbabilities,
  draw: (random) => ({
    x: { source: classes([3, 5], 12, random.at('source')), target: classes([3, 5], 12, random.at('target')) },
    y: oneHot([3, 5], 12, random.at('y')),
  }),
});
