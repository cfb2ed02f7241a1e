import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import optim from '@x/optim';
import { EagerEngine, quietLog, withLog } from '@x/trainer-core';
import type { Engine } from '@x/trainer-core';
import { fit } from '@x/trainer-core/layers';

import { OnnxEngine } from './onnx-engine.js';

// compiling takes seconds where other tests share the cores
jest.setTimeout(60_000);

type Layers = () => readonly tfl.layers.Layer[];

const { layers } = tfl;
const EXAMPLES = 12;

/** Tokens of which the last ones of a row are 0, for padding. */
function sentences(): tf.Tensor {
  const tokens = Array.from({ length: EXAMPLES }, (_, i) =>
    Array.from({ length: 5 }, (_unused, j) => (j < 2 + (i % 4) ? 1 + ((i * 5 + j * 3) % 8) : 0)),
  );
  return tf.tensor2d(tokens);
}

function waves(...shape: number[]): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, EXAMPLES);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(1.7 * i) + 0.1 * (i % 3)),
    [EXAMPLES, ...shape],
  );
}

const embedding = (): tfl.layers.Layer =>
  layers.embedding({ inputDim: 9, outputDim: 4, maskZero: true, inputLength: 5 });

const models: Readonly<Record<string, readonly [Layers, () => tf.Tensor]>> = {
  'dense layers with batch normalization and dropout': [
    () => [
      layers.dense({ units: 7, inputShape: [5], activation: 'elu', kernelRegularizer: 'l1l2' }),
      layers.batchNormalization({ momentum: 0.8 }),
      layers.dropout({ rate: 0.3 }),
    ],
    () => waves(5),
  ],
  'convolutions with batch normalization and pooling': [
    () => [
      layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', inputShape: [7, 6, 2] }),
      layers.batchNormalization({}),
      layers.activation({ activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.separableConv2d({ filters: 3, kernelSize: [2, 3], padding: 'same' }),
      layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
    ],
    () => waves(7, 6, 2),
  ],
  'one-dimensional and transposed convolutions': [
    () => [
      layers.conv1d({ filters: 3, kernelSize: 3, inputShape: [8, 2], activation: 'tanh' }),
      layers.reshape({ targetShape: [6, 1, 3] }),
      layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 2 }),
      layers.flatten(),
    ],
    () => waves(8, 2),
  ],
  'an LSTM that masks padding': [() => [embedding(), layers.lstm({ units: 4 })], sentences],
  'an LSTM with dropout in its recurrence': [
    () => [
      layers.lstm({ units: 4, inputShape: [4, 3], dropout: 0.2, recurrentDropout: 0.3, returnSequences: true }),
      layers.timeDistributed({ layer: layers.dense({ units: 2 }) }),
      layers.flatten(),
    ],
    () => waves(4, 3),
  ],
  'a GRU that masks padding, both ways': [
    () => [embedding(), layers.bidirectional({ layer: layers.gru({ units: 3 }), mergeMode: 'concat' })],
    sentences,
  ],
  'a simple recurrence over masked values': [
    () => [layers.masking({ maskValue: 0, inputShape: [4, 2] }), layers.simpleRNN({ units: 5, goBackwards: true })],
    () => tf.tidy(() => tf.mul(waves(4, 2), tf.tensor3d([1, 1, 1, 0], [1, 4, 1]))),
  ],
  'noise and layer normalization': [
    () => [
      layers.dense({ units: 6, inputShape: [5] }),
      layers.layerNormalization({}),
      layers.gaussianNoise({ stddev: 0.1 }),
      layers.gaussianDropout({ rate: 0.2 }),
      layers.alphaDropout({ rate: 0.2 }),
    ],
    () => waves(5),
  ],
};

/** Weights and statistics by name after three steps, and what was logged. */
async function fitted(
  make: Layers,
  inputs: () => tf.Tensor,
  engine: Engine,
): Promise<Record<string, readonly number[]>> {
  const model = tfl.sequential({ layers: [...make(), layers.dense({ units: 3, activation: 'softmax' })] });
  tf.tidy(() => {
    const values = model.getWeights().map(({ shape, size }, k) => {
      // statistics stay sensible: no variance is negative
      const elements = Float32Array.from(
        { length: size },
        (_, i) => 0.6 * Math.sin(2.3 * i + k) + (shape.length === 1 ? 0.7 : 0),
      );
      return tf.tensor(elements, shape);
    });
    model.setWeights(values);
  });
  // not Adam, which makes a step of the rounding in the gradient of a bias before batch normalization
  model.compile({ optimizer: tf.train.momentum(0.1, 0.9), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const x = inputs();
  const y = tf.tidy(() =>
    tf.oneHot(
      tf.tensor1d(
        Array.from({ length: EXAMPLES }, (_, i) => i % 3),
        'int32',
      ),
      3,
    ),
  );
  try {
    const { history } = await withLog(quietLog, () =>
      fit(model, { x, y }, { engine, epochs: 1, batchSize: 4, plugins: [optim], verbose: 0, validationData: { x, y } }),
    );
    const weights = model.getWeights().map((weight, i) => [`weight ${i}`, [...weight.dataSync()]] as const);
    const logged = Object.entries(history).map(([name, values]) => [name, values] as const);
    return Object.fromEntries([...weights, ...logged]);
  } finally {
    tf.dispose([x, y]);
    model.dispose();
    await engine.dispose();
  }
}

describe('a layers model on ONNX Runtime has, after three steps, what it has op by op:', () => {
  it.each(Object.entries(models))('%s', async (_, [make, inputs]) => {
    const expected = await fitted(make, inputs, new EagerEngine());
    const actual = await fitted(make, inputs, new OnnxEngine({ onFailure: 'error' }));
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    for (const [name, elements] of Object.entries(expected)) {
      const off = elements.reduce((most, x, i) => Math.max(most, Math.abs(x - actual[name]![i]!)), 0);
      if (!(off <= 2e-5)) throw new Error(`${name} is off by ${off}`);
    }
  });
});
