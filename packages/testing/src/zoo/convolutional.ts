import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

import { binary, classes, numbers, oneHot } from './data.js';
import { layersEntry } from './layers-entry.js';
import { crossEntropyOfLogits } from './losses.js';
import type { SeededLayers } from './seeded-layers.js';
import type { ZooEntry } from './zoo-entry.js';

type Symbolic = tfl.SymbolicTensor;

const relu = (): tfl.layers.Layer => tfl.layers.reLU();
const relu6 = (): tfl.layers.Layer => tfl.layers.reLU({ maxValue: 6 });
const halved = (): tfl.layers.Layer => tfl.layers.maxPooling2d({ poolSize: 2 });

/** One layer after the other. */
const chain = (x: Symbolic, ...layers: readonly tfl.layers.Layer[]): Symbolic =>
  layers.reduce((input, layer) => layer.apply(input) as Symbolic, x);

/** Two convolutions with bias, batch normalisation and pooling, then dropout. */
export const convolutional: ZooEntry = layersEntry({
  name: 'convolutional',
  withoutGradient: [
    'conv2d1/bias',
    'conv2d2/bias',
    'batchNormalization1/moving_mean',
    'batchNormalization2/moving_mean',
  ],
  build: (layers) =>
    tfl.sequential({
      layers: [
        layers.conv2d({ filters: 8, kernelSize: 3, inputShape: [10, 10, 1] }),
        layers.batchNormalization(),
        relu(),
        halved(),
        layers.conv2d({ filters: 12, kernelSize: 3 }),
        layers.batchNormalization(),
        relu(),
        halved(),
        tfl.layers.flatten(),
        tfl.layers.dropout({ rate: 0.2 }),
        layers.dense({ units: 10 }),
      ],
    }),
  loss: crossEntropyOfLogits,
  draw: (random) => ({ x: numbers([4, 10, 10, 1], random.at('x')), y: oneHot([4], 10, random.at('y')) }),
});

/** A residual block with a strided shortcut after a stem of a large kernel and overlapping pooling (He et al., 2015). */
export const residual: ZooEntry = layersEntry({
  name: 'residual',
  build: (layers) => {
    const conv = (filters: number, kernelSize: number, strides = 1): tfl.layers.Layer =>
      layers.conv2d({ filters, kernelSize, strides, useBias: false });
    const input = tfl.input({ shape: [9, 9, 3] });
    const pooled = tfl.layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' });
    const stem = chain(input, conv(8, 5), layers.batchNormalization(), relu(), pooled);
    const branch = chain(
      stem,
      ...[conv(16, 3, 2), layers.batchNormalization(), relu()],
      ...[conv(16, 3), layers.batchNormalization()],
    );
    const shortcut = chain(stem, layers.conv2d({ filters: 16, kernelSize: 1, strides: 2 }));
    const sum = tfl.layers.add().apply([branch, shortcut]) as Symbolic;
    const average = tfl.layers.globalAveragePooling2d({});
    return tfl.model({ inputs: input, outputs: chain(sum, relu(), average, layers.dense({ units: 10 })) });
  },
  loss: crossEntropyOfLogits,
  draw: (random) => ({ x: numbers([4, 9, 9, 3], random.at('x')), y: oneHot([4], 10, random.at('y')) }),
});

/** Depthwise and separable convolutions with a clipped ReLU (Howard et al., 2017). */
export const mobileNet: ZooEntry = layersEntry({
  name: 'mobileNet',
  build: (layers) =>
    tfl.sequential({
      layers: [
        layers.conv2d({ filters: 8, kernelSize: 3, strides: 2, useBias: false, inputShape: [9, 9, 3] }),
        layers.batchNormalization(),
        relu6(),
        layers.depthwiseConv2d({ kernelSize: 3, useBias: false }),
        layers.batchNormalization(),
        relu6(),
        layers.conv2d({ filters: 12, kernelSize: 1, useBias: false }),
        layers.batchNormalization(),
        layers.separableConv2d({ filters: 10, kernelSize: 3, strides: 2 }),
        tfl.layers.leakyReLU({ alpha: 0.1 }),
        tfl.layers.globalAveragePooling2d({}),
        layers.dense({ units: 5 }),
      ],
    }),
  loss: crossEntropyOfLogits,
  draw: (random) => ({ x: numbers([4, 9, 9, 3], random.at('x')), y: oneHot([4], 5, random.at('y')) }),
});

/** Down by average pooling, up bilinearly, joined with what was before, padded and cropped (Ronneberger et al., 2015). */
export const uNet: ZooEntry = layersEntry({
  name: 'uNet',
  build: (layers) => {
    const conv = (filters: number): tfl.layers.Layer => layers.conv2d({ filters, kernelSize: 3, activation: 'relu' });
    const input = tfl.input({ shape: [8, 8, 2] });
    const wide = chain(input, conv(4));
    const deep = chain(wide, tfl.layers.averagePooling2d({ poolSize: 2 }), conv(6));
    const up = chain(deep, tfl.layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear' }));
    const joined = tfl.layers.concatenate().apply([up, wide]) as Symbolic;
    const output = chain(
      joined,
      tfl.layers.zeroPadding2d({ padding: 1 }),
      conv(4),
      layers.conv2d({ filters: 1, kernelSize: 1 }),
      cropped(1),
    );
    return tfl.model({ inputs: input, outputs: output });
  },
  loss: (labels, logits) => tf.losses.sigmoidCrossEntropy(labels, logits),
  draw: (random) => ({ x: numbers([2, 8, 8, 2], random.at('x')), y: binary([2, 8, 8, 1], random.at('y')) }),
});

/** Convolutions over the words of a text, pooled to one vector (Kim, 2014). */
export const textConvolutional: ZooEntry = layersEntry({
  name: 'textConvolutional',
  build: (layers) =>
    tfl.sequential({
      layers: [
        layers.embedding({ inputDim: 40, outputDim: 8, inputLength: 14 }),
        layers.conv1d({ filters: 10, kernelSize: 3, activation: 'relu' }),
        tfl.layers.maxPooling1d({ poolSize: 2 }),
        layers.conv1d({ filters: 6, kernelSize: 3, activation: 'selu', padding: 'same' }),
        tfl.layers.globalMaxPooling1d({}),
        tfl.layers.dropout({ rate: 0.2 }),
        layers.dense({ units: 3, activation: 'softmax' }),
      ],
    }),
  loss: 'categoricalCrossentropy',
  draw: (random) => ({ x: classes([4, 14], 40, random.at('x')), y: oneHot([4], 3, random.at('y')) }),
});

function cropped(border: number): ReturnType<SeededLayers['dense']> {
  return tfl.layers.cropping2D({
    cropping: [
      [border, border],
      [border, border],
    ],
  });
}
