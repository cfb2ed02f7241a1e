import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { FunctionalModel } from '@x/trainer-core';
import { dropout, functionalModel, normal, xavierUniform } from '@x/trainer-core';

import { classes, numbers, oneHot } from './data.js';
import { batches, layersEntry } from './layers-entry.js';
import { crossEntropyOfLogits } from './losses.js';
import type { ZooEntry } from './zoo-entry.js';

/** The sizes of a {@link transformer}. */
export interface TransformerSizes {
  readonly batch: number;
  readonly length: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  readonly vocabulary: number;
  /** Of embeddings, attention weights and both branches of a layer. */
  readonly dropout: number;
}

type Tensors = Readonly<Record<string, tf.Tensor>>;

const HIDDEN_FACTOR = 4;
const EPSILON = 1e-5;

/** A language model in bare tfjs ops: pre-norm layers with one product for queries, keys and values, and GELU. */
export function transformerModel(sizes: TransformerSizes): FunctionalModel {
  const { batch, length, width, heads, layers, vocabulary, dropout: rate } = sizes;
  const layerNumbers = Array.from({ length: layers }, (_, i) => i);
  const hidden = HIDDEN_FACTOR * width;
  const headWidth = width / heads;

  return functionalModel({
    init: (random) => {
      const kernel = (name: string, rows: number, columns: number): Tensors => ({
        [`${name}/kernel`]: xavierUniform([rows, columns], random.at(name)),
      });
      const dense = (name: string, rows: number, columns: number): Tensors => ({
        ...kernel(name, rows, columns),
        [`${name}/bias`]: tf.zeros([columns]),
      });
      const norm = (name: string): Tensors => ({
        [`${name}/gamma`]: tf.ones([width]),
        [`${name}/beta`]: tf.zeros([width]),
      });
      const perLayer = layerNumbers.map((i) => ({
        ...norm(`layer${i}/norm1`),
        ...dense(`layer${i}/attention`, width, 3 * width),
        ...dense(`layer${i}/projection`, width, width),
        ...norm(`layer${i}/norm2`),
        ...dense(`layer${i}/expand`, width, hidden),
        ...dense(`layer${i}/contract`, hidden, width),
      }));
      return Object.assign(
        {
          words: normal([vocabulary, width], random.at('words'), 0, 0.1),
          positions: normal([length, width], random.at('positions'), 0, 0.1),
        },
        ...perLayer,
        kernel('out', width, vocabulary),
      ) as Record<string, tf.Tensor>;
    },

    forward: (parameters, { x, y }, { training }) => {
      const weight = (name: string): tf.Tensor => parameters[name]!;
      const dropped = (value: tf.Tensor): tf.Tensor => (training && rate > 0 ? dropout(value, rate) : value);
      const rows = (value: tf.Tensor): tf.Tensor2D => tf.reshape(value, [batch * length, -1]);
      const dense = (name: string, value: tf.Tensor): tf.Tensor =>
        tf.add(tf.matMul(rows(value), weight(`${name}/kernel`) as tf.Tensor2D), weight(`${name}/bias`));
      const norm = (name: string, value: tf.Tensor): tf.Tensor =>
        normalized(value, weight(`${name}/gamma`), weight(`${name}/beta`));
      const sequence = (value: tf.Tensor): tf.Tensor => tf.reshape(value, [batch, length, width]);

      const attention = (name: string, value: tf.Tensor): tf.Tensor => {
        const split = tf.reshape(dense(name, value), [batch, length, 3, heads, headWidth]);
        const [queries, keys, values] = tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4])) as [
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
        ];
        const scores = tf.mul(tf.matMul(queries, keys, false, true), 1 / Math.sqrt(headWidth));
        const mixed = tf.matMul(dropped(tf.softmax(scores)), values);
        return tf.transpose(mixed, [0, 2, 1, 3]);
      };

      let state = dropped(tf.add(tf.gather(weight('words'), x as tf.Tensor), weight('positions')));
      for (const i of layerNumbers) {
        const mixed = attention(`layer${i}/attention`, norm(`layer${i}/norm1`, state));
        state = tf.add(state, dropped(sequence(dense(`layer${i}/projection`, mixed))));
        const expanded = gelu(dense(`layer${i}/expand`, norm(`layer${i}/norm2`, state)));
        state = tf.add(state, dropped(sequence(dense(`layer${i}/contract`, expanded))));
      }
      const logits = tf.matMul(rows(state), weight('out/kernel'));
      const labels = tf.oneHot(tf.reshape(y as tf.Tensor, [batch * length]), vocabulary);
      return { loss: crossEntropyOfLogits(tf.cast(labels, 'float32'), logits) };
    },
  });
}

/** An entry with a {@link transformerModel}. Softmax cancels a bias of all keys: a third of each attention bias. */
export function transformer(name: string, sizes: TransformerSizes): ZooEntry {
  const { batch, length, layers, vocabulary } = sizes;
  return {
    name,
    withoutGradient: Array.from({ length: layers }, (_, i) => `layer${i}/attention/bias`),
    make: () => ({
      model: transformerModel(sizes),
      batch: batches(name, (random) => ({
        x: classes([batch, length], vocabulary, random.at('x')),
        y: classes([batch, length], vocabulary, random.at('y')),
      })),
    }),
  };
}

/** A small language model with dropout. */
export const languageModel: ZooEntry = transformer('languageModel', {
  batch: 2,
  length: 6,
  width: 16,
  heads: 4,
  layers: 1,
  vocabulary: 40,
  dropout: 0.1,
});

/** Attention of tfjs layers: dot products, post-norm, dropout. */
export const layersTransformer: ZooEntry = layersEntry({
  name: 'layersTransformer',
  withoutGradient: ['dense2/bias'],
  build: (layers) => {
    const width = 8;
    const input = tfl.input({ shape: [5, width] });
    const applied = (layer: tfl.layers.Layer, x: tfl.SymbolicTensor | tfl.SymbolicTensor[]): tfl.SymbolicTensor =>
      layer.apply(x) as tfl.SymbolicTensor;
    const added = (...parts: tfl.SymbolicTensor[]): tfl.SymbolicTensor =>
      applied(layers.layerNormalization(), applied(tfl.layers.add(), parts));
    const queries = applied(layers.dense({ units: width }), input);
    const keys = applied(layers.dense({ units: width }), input);
    const values = applied(layers.dense({ units: width }), input);
    const scores = applied(tfl.layers.dot({ axes: [2, 2] }), [queries, keys]);
    const weights = applied(tfl.layers.activation({ activation: 'softmax' }), scores);
    const mixed = applied(tfl.layers.dot({ axes: [2, 1] }), [weights, values]);
    const attended = added(input, applied(tfl.layers.dropout({ rate: 0.1 }), mixed));
    const expanded = applied(layers.dense({ units: 16, activation: 'relu' }), attended);
    const state = added(attended, applied(layers.dense({ units: width }), expanded));
    const pooled = applied(tfl.layers.globalAveragePooling1d({}), state);
    return tfl.model({ inputs: input, outputs: applied(layers.dense({ units: 3 }), pooled) });
  },
  loss: crossEntropyOfLogits,
  draw: (random) => ({ x: numbers([2, 5, 8], random.at('x')), y: oneHot([2], 3, random.at('y')) }),
});

/** (x - mean) / sqrt(variance + epsilon) over the last axis, times gamma plus beta (Ba et al., 2016). */
function normalized(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  const standard = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON)));
  return tf.add(tf.mul(standard, gamma), beta);
}

/** x times the normal distribution's probability below x (Hendrycks & Gimpel, 2016). */
function gelu(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
}
