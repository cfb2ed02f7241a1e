import * as tfl from '@tensorflow/tfjs-layers';
import { uniform } from '@x/trainer-core';
import { layersEntry, transformer } from '@x/testing/zoo';
import * as tf from '@tensorflow/tfjs-core';

const crossEntropy = (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits);
const numbers = (shape, random) => uniform(shape, random, -1, 1);

function classes(shape, count, random) {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(
    Int32Array.from(random.uniforms(size), (value) => Math.floor(value * count)),
    shape,
    'int32',
  );
}

const oneHot = (shape, count, random) =>
  tf.tidy(() => tf.oneHot(classes(shape, count, random), count, 1, 0, 'float32'));

/** Images of ten classes. */
const images = (batch, shape) => (random) => ({
  x: numbers([batch, ...shape], random.at('x')),
  y: oneHot([batch], 10, random.at('y')),
});

/** The layers of a convolutional network without biases before normalisation. */
function blocks(layers) {
  const active = (layer, maxValue) => [
    layer,
    layers.batchNormalization(),
    tfl.layers.reLU(maxValue === undefined ? {} : { maxValue }),
  ];
  return {
    conv: (filters, strides, config) =>
      active(layers.conv2d({ filters, kernelSize: 3, strides, useBias: false, ...config })),
    conv6: (filters, strides, config) =>
      active(layers.conv2d({ filters, kernelSize: 3, strides, useBias: false, ...config }), 6),
    depthwise6: (strides) => active(layers.depthwiseConv2d({ kernelSize: 3, strides, useBias: false }), 6),
    pointwise6: (filters) => active(layers.conv2d({ filters, kernelSize: 1, useBias: false }), 6),
    classifier: () => [tfl.layers.globalAveragePooling2d({}), layers.dense({ units: 10 })],
  };
}

const mlp = layersEntry({
  name: 'mlp',
  build: (layers) =>
    tfl.sequential({
      layers: [
        layers.dense({ units: 256, activation: 'relu', inputShape: [784] }),
        layers.dense({ units: 128, activation: 'relu' }),
        layers.dense({ units: 10 }),
      ],
    }),
  loss: crossEntropy,
  draw: images(64, [784]),
});

const cnn = layersEntry({
  name: 'cnn',
  build: (layers) => {
    const block = (filters, config) => [
      layers.conv2d({ filters, kernelSize: 3, ...config }),
      layers.batchNormalization(),
      tfl.layers.reLU(),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
    ];
    return tfl.sequential({
      layers: [
        ...block(16, { inputShape: [28, 28, 1] }),
        ...block(32),
        tfl.layers.flatten(),
        layers.dense({ units: 10 }),
      ],
    });
  },
  loss: crossEntropy,
  draw: images(32, [28, 28, 1]),
});

const lstm = layersEntry({
  name: 'lstm',
  build: (layers) =>
    tfl.sequential({
      layers: [
        layers.embedding({ inputDim: 1000, outputDim: 64, inputLength: 32 }),
        layers.lstm({ units: 128, returnSequences: true }),
        layers.timeDistributed(layers.dense({ units: 10 })),
      ],
    }),
  loss: crossEntropy,
  draw: (random) => ({ x: classes([16, 32], 1000, random.at('x')), y: oneHot([16, 32], 10, random.at('y')) }),
});

const language = { batch: 16, length: 64, width: 128, heads: 4, layers: 2, vocabulary: 1000 };

const cifar = layersEntry({
  name: 'cifar',
  build: (layers) => {
    const { conv, classifier } = blocks(layers);
    return tfl.sequential({
      layers: [
        ...conv(32, 1, { inputShape: [32, 32, 3] }),
        ...conv(64, 2),
        ...conv(128, 2),
        ...conv(128, 1),
        ...classifier(),
      ],
    });
  },
  loss: crossEntropy,
  draw: images(32, [32, 32, 3]),
});

const mobilenet = layersEntry({
  name: 'mobilenet',
  build: (layers) => {
    const { conv6, depthwise6, pointwise6, classifier } = blocks(layers);
    return tfl.sequential({
      layers: [
        ...conv6(32, 1, { inputShape: [32, 32, 3] }),
        ...[...depthwise6(2), ...pointwise6(64)],
        ...[...depthwise6(1), ...pointwise6(128)],
        ...[...depthwise6(2), ...pointwise6(128)],
        ...classifier(),
      ],
    });
  },
  loss: crossEntropy,
  draw: images(32, [32, 32, 3]),
});

/** The models by name; their twins stand in `torch_models.py`. */
export const MODELS = Object.fromEntries(
  [
    mlp,
    cnn,
    lstm,
    transformer('transformer', { ...language, dropout: 0 }),
    transformer('transformer_dropout', { ...language, dropout: 0.1 }),
    cifar,
    mobilenet,
  ].map((entry) => [entry.name, entry]),
);
