import * as tf from '@tensorflow/tfjs';

import { withLog } from '../log.js';
import { valueAndGradients } from '../programs/value-and-gradients.js';
import { hostRandom, withStepRandom } from '../random/step-random.js';
import { ParameterSet } from '../state/parameters.js';
import { fromLayersModel } from './layers-model.js';
import type { LayersModelAdapter } from './layers-model.js';

const TRAINING = { training: true };
const INFERENCE = { training: false };

/** A repeatable, irregular tensor. */
function data(shape: number[], seed = 1): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(1.7 * i + seed)),
    shape,
  );
}

/** The first weights of a model, the same for every model of its architecture. */
function setWeights(model: tf.LayersModel): void {
  model.setWeights(
    model.getWeights().map((weight, i) => (weight.rank > 1 ? data(weight.shape, i) : tf.abs(data(weight.shape, i)))),
  );
}

/** One step of plain gradient descent on loss and penalty, with the adapter alone. */
function step(adapter: LayersModelAdapter, batch: { x: tf.Tensor; y: tf.Tensor }, learningRate: number): number {
  return tf.tidy(() => {
    const parameters = [...ParameterSet.of(adapter.namedVariables()).trainable()];
    const { outputs, gradients } = valueAndGradients(() => {
      const all = adapter.forward(batch, TRAINING);
      const penalty = adapter.regularizationPenalty();
      const objective = (penalty === null ? all['loss']! : tf.add(all['loss']!, penalty)) as tf.Scalar;
      return { objective, outputs: { objective } };
    }, parameters);
    for (const { name, variable } of parameters) {
      const gradient = gradients[name];
      if (gradient !== undefined) variable.assign(tf.sub(variable, tf.mul(learningRate, gradient)));
    }
    return outputs['objective']!.dataSync()[0]!;
  });
}

function expectSameWeights(actual: tf.LayersModel, expected: tf.LayersModel): void {
  const weights = actual.getWeights().map((weight) => [...weight.dataSync()]);
  expected.getWeights().forEach((weight, i) => {
    weight.dataSync().forEach((value, j) => expect(Math.abs(weights[i]![j]! - value)).toBeLessThan(1e-6));
  });
}

describe('fromLayersModel', () => {
  it('trains as tfjs does: dense layers, penalties, batch normalisation', async () => {
    const make = (): tf.LayersModel => {
      const model = tf.sequential({
        layers: [
          tf.layers.dense({
            units: 5,
            inputShape: [3],
            activation: 'tanh',
            kernelRegularizer: tf.regularizers.l2({ l2: 0.1 }),
          }),
          tf.layers.batchNormalization({ momentum: 0.5 }),
          tf.layers.dense({ units: 2, activation: 'softmax', biasRegularizer: tf.regularizers.l1({ l1: 0.1 }) }),
        ],
      });
      model.compile({ loss: 'categoricalCrossentropy', optimizer: tf.train.sgd(0.1) });
      setWeights(model);
      return model;
    };
    const [stock, ours] = [make(), make()];
    const adapter = fromLayersModel(ours);

    for (let i = 0; i < 3; i++) {
      const x = data([4, 3], i);
      const y = tf.oneHot(tf.tensor1d([0, 1, 1, 0], 'int32'), 2).toFloat();
      const expected = (await stock.trainOnBatch(x, y)) as number;
      expect(step(adapter, { x, y }, 0.1)).toBeCloseTo(expected, 5);
    }

    expectSameWeights(ours, stock);
    expect(Object.keys(adapter.namedBuffers()).map((name) => name.split('/')[1])).toEqual([
      'moving_mean',
      'moving_variance',
    ]);
    expect(Object.keys(adapter.namedVariables())).toHaveLength(6);
  });

  it('trains as tfjs does: convolution, and a recurrent layer', async () => {
    const make = (): tf.LayersModel => {
      const input = tf.input({ shape: [6, 2] });
      const convolved = tf.layers.conv1d({ filters: 3, kernelSize: 3, activation: 'relu' }).apply(input);
      const last = tf.layers.lstm({ units: 4 }).apply(convolved);
      const output = tf.layers.dense({ units: 1 }).apply(last) as tf.SymbolicTensor;
      const model = tf.model({ inputs: input, outputs: output });
      model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(0.05) });
      setWeights(model);
      return model;
    };
    const [stock, ours] = [make(), make()];
    const adapter = fromLayersModel(ours);

    for (let i = 0; i < 3; i++) {
      const batch = { x: data([4, 6, 2], i), y: data([4], i + 10) };
      const expected = (await stock.trainOnBatch(batch.x, batch.y)) as number;
      expect(step(adapter, batch, 0.05)).toBeCloseTo(expected, 5);
    }

    expectSameWeights(ours, stock);
  });

  it('sums the losses of several outputs, and names outputs and metrics as tfjs does', async () => {
    const make = (): tf.LayersModel => {
      const [left, right] = [tf.input({ shape: [2], name: 'left' }), tf.input({ shape: [2], name: 'right' })];
      const joined = tf.layers.concatenate().apply([left, right]);
      const outputs = [
        tf.layers.dense({ units: 1, name: 'price' }).apply(joined),
        tf.layers.dense({ units: 3, name: 'kind', activation: 'softmax' }).apply(joined),
      ] as tf.SymbolicTensor[];
      const model = tf.model({ inputs: [left, right], outputs });
      model.compile({
        loss: ['meanSquaredError', 'sparseCategoricalCrossentropy'],
        metrics: { price: 'mae', kind: 'accuracy' },
        optimizer: tf.train.sgd(0.1),
      });
      setWeights(model);
      return model;
    };
    const [stock, ours] = [make(), make()];
    const adapter = fromLayersModel(ours);
    const x = { left: data([4, 2], 1), right: data([4, 2], 2) };
    const y = { price: data([4, 1], 3), kind: tf.tensor2d([[0], [2], [1], [0]]) };

    const outputs = adapter.forward({ x, y }, INFERENCE);
    for (const metric of adapter.metrics) await metric.update(outputs, { x, y });
    const measured = Object.assign({}, ...adapter.metrics.map((metric) => metric.compute(metric.sums()))) as Record<
      string,
      number
    >;
    // tfjs evaluates the running sums of the losses first, then the values in the order of the names
    const [, loss, ...expected] = (stock.evaluate([x.left, x.right], [y.price, y.kind]) as tf.Scalar[]).map(
      (value) => value.dataSync()[0]!,
    );

    expect(Object.keys(outputs)).toEqual(['loss', 'price', 'kind']);
    expect(outputs['loss']!.dataSync()[0]).toBeCloseTo(loss!, 5);
    expect(Object.keys(measured)).toEqual(['price_loss', 'kind_loss', 'price_mae', 'kind_acc']);
    expect(Object.values(measured)).toEqual(expected.map((value) => expect.closeTo(value, 5) as number));
  });

  it('gives the activations of layers that are to be logged, and trains as without them', () => {
    const make = (): tf.LayersModel => {
      const model = tf.sequential({
        layers: [
          tf.layers.dense({ units: 4, inputShape: [3], activation: 'relu', name: 'hidden' }),
          tf.layers.dropout({ rate: 0.5, name: 'drop' }),
          tf.layers.dense({ units: 2, name: 'out' }),
        ],
      });
      setWeights(model);
      return model;
    };
    const [model, watched] = [make(), make()];
    const adapter = fromLayersModel(watched, { loss: 'meanSquaredError', logActivations: ['hidden', 'out'] });
    const batch = { x: data([5, 3]), y: data([5, 2]) };
    const outputs = adapter.forward(batch, INFERENCE);
    const hidden = tf.relu(
      tf.add(tf.matMul(batch.x as tf.Tensor2D, model.getWeights()[0] as tf.Tensor2D), model.getWeights()[1]!),
    );

    expect(adapter.activationsForHistograms()).toEqual(['hidden', 'out']);
    expect([...outputs['hidden']!.dataSync()].map((value) => value.toFixed(5))).toEqual(
      [...hidden.dataSync()].map((value) => value.toFixed(5)),
    );
    expect([...outputs['out']!.dataSync()]).toEqual([...outputs['predictions']!.dataSync()]);

    const plain = fromLayersModel(model, { loss: 'meanSquaredError' });
    for (const each of [plain, adapter])
      withStepRandom(hostRandom({ seed: 3, step: 1, microBatch: 0 }), () => step(each, batch, 0.1));
    expectSameWeights(watched, model);
  });

  it('weights metrics by the size of a batch', async () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], useBias: false })] });
    model.compile({ loss: 'meanSquaredError', metrics: ['mae'], optimizer: 'sgd' });
    model.setWeights([tf.ones([1, 1])]);
    const adapter = fromLayersModel(model);
    const metric = adapter.metrics[0]!;

    for (const batch of [
      { x: tf.tensor1d([0, 0, 0]), y: tf.tensor1d([1, 1, 1]) },
      { x: tf.tensor1d([0]), y: tf.tensor1d([5]) },
    ]) {
      await metric.update(adapter.forward(batch, INFERENCE), batch);
    }

    // three errors of 1 and one of 5
    expect(metric.compute(metric.sums())).toEqual({ mae: 2 });
  });

  it('weights examples in the loss', () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], useBias: false })] });
    model.setWeights([tf.ones([1, 1])]);
    const adapter = fromLayersModel(model, { loss: 'meanSquaredError' });
    const batch = { x: tf.tensor1d([0, 0]), y: tf.tensor1d([1, 3]), sampleWeight: tf.tensor1d([2, 1]) };

    // (2 * 1 + 1 * 9) / 2
    expect(adapter.forward(batch, TRAINING)['loss']!.dataSync()[0]).toBeCloseTo(5.5, 6);
  });

  it('gives predictions alone for a batch without labels', () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
    const adapter = fromLayersModel(model, { inputs: 'pixels' });

    expect(Object.keys(adapter.forward({ pixels: data([4, 3]) }, INFERENCE))).toEqual(['predictions']);
  });

  it('keeps the weights of frozen layers as frozen parameters', () => {
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ units: 2, inputShape: [3], name: 'body', trainable: false }),
        tf.layers.batchNormalization({ name: 'norm', trainable: false }),
        tf.layers.dense({ units: 1, name: 'head' }),
      ],
    });
    const adapter = fromLayersModel(model, { loss: 'meanSquaredError' });
    const trainable = Object.entries(adapter.namedVariables()).filter(([, variable]) => variable.trainable);

    expect(Object.keys(adapter.namedVariables()).sort()).toEqual([
      'body/bias',
      'body/kernel',
      'head/bias',
      'head/kernel',
      'norm/beta',
      'norm/gamma',
    ]);
    expect(trainable.map(([name]) => name)).toEqual(['head/kernel', 'head/bias']);
    expect(Object.keys(adapter.namedBuffers())).toEqual(['norm/moving_mean', 'norm/moving_variance']);
  });

  it('names weights as tfjs saves them, also in a second model of one architecture', () => {
    const names = (): string[] => {
      const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3], name: 'same' })] });
      return Object.keys(fromLayersModel(model).namedVariables());
    };

    expect(names()).toEqual(['same/kernel', 'same/bias']);
    expect(names()).toEqual(['same/kernel', 'same/bias']);
  });
});

describe('errors of fromLayersModel', () => {
  const dense = (name: string): tf.layers.Layer => tf.layers.dense({ units: 2, inputShape: [3], name });

  it('tells to add layers with an inputShape to a model without any', () => {
    expect(() => fromLayersModel(tf.sequential())).toThrow(/cannot be built.*inputShape/);
  });

  it('refuses labels that a loss would broadcast', () => {
    const adapter = fromLayersModel(tf.sequential({ layers: [dense('out')] }), { loss: 'meanSquaredError' });

    expect(() => adapter.forward({ x: data([4, 3]), y: data([4]) }, TRAINING)).toThrow(
      /labels of the output "out" have shape \[4,1\], its predictions \[4,2\]/,
    );
  });

  it('refuses stateful recurrent layers', () => {
    const model = tf.sequential({ layers: [tf.layers.lstm({ units: 2, stateful: true, batchInputShape: [1, 3, 2] })] });

    expect(() => fromLayersModel(model)).toThrow(/stateful/);
  });

  it('refuses two weights of one name', () => {
    const input = tf.input({ shape: [3] });
    const inner = tf.sequential({ layers: [dense('same')] }).apply(input);
    const output = tf.layers.dense({ units: 2, name: 'same' }).apply(inner) as tf.SymbolicTensor;

    expect(() => fromLayersModel(tf.model({ inputs: input, outputs: output }))).toThrow(
      /two weights named "same\/kernel"/,
    );
  });

  it('refuses to log the activations of a layer that is not there', () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], name: 'only' })] });

    expect(() => fromLayersModel(model, { logActivations: ['ony'] })).toThrow(/no activations "ony".*layers are only/);
  });

  it('refuses an output named loss', () => {
    const input = tf.input({ shape: [3] });
    const outputs = ['loss', 'other'].map(
      (name) => tf.layers.dense({ units: 1, name }).apply(input) as tf.SymbolicTensor,
    );

    expect(() => fromLayersModel(tf.model({ inputs: input, outputs }))).toThrow(/output named "loss"/);
  });

  it('says what a loss is missing, or that tfjs does not know it', () => {
    const adapter = fromLayersModel(tf.sequential({ layers: [dense('a')] }));

    expect(() => adapter.forward({ x: data([1, 3]), y: data([1, 2]) }, TRAINING)).toThrow(
      /has no loss: call model\.compile/,
    );
    expect(() => fromLayersModel(adapter.model, { loss: 'meanCubedError' })).toThrow(/Unknown loss meanCubedError/);
  });

  it.each([
    [{ y: data([1, 2]) }, /batch's "x" should hold the tensors \[in\].*received nothing/],
    [{ x: [data([1, 3]), data([1, 3])] }, /received a list of 2/],
    [{ x: { other: data([1, 3]) } }, /received a dictionary of \[other\]/],
  ])('says what a batch is missing %#', (batch, message) => {
    const input = tf.input({ shape: [3], name: 'in' });
    const model = tf.model({ inputs: input, outputs: tf.layers.dense({ units: 2 }).apply(input) as tf.SymbolicTensor });
    model.inputNames[0] = 'in';

    expect(() => fromLayersModel(model, { loss: 'meanSquaredError' }).forward(batch, TRAINING)).toThrow(message);
  });
});

describe('random layers', () => {
  const key = { seed: 1, step: 2, microBatch: 0 };
  const values = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];

  /** The training output of a layer for all ones, drawn with a key. */
  function draw(layer: tf.layers.Layer, shape: number[], random = key): tf.Tensor {
    const input = tf.input({ shape: shape.slice(1) });
    const adapter = fromLayersModel(tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor }));
    return withStepRandom(hostRandom(random), () => adapter.forward({ x: tf.ones(shape) }, TRAINING)['predictions']!);
  }

  it.each([
    ['dropout', (): tf.layers.Layer => tf.layers.dropout({ rate: 0.4 })],
    ['spatialDropout1d', (): tf.layers.Layer => tf.layers.spatialDropout1d({ rate: 0.4 })],
    ['gaussianNoise', (): tf.layers.Layer => tf.layers.gaussianNoise({ stddev: 1 })],
    ['gaussianDropout', (): tf.layers.Layer => tf.layers.gaussianDropout({ rate: 0.4 })],
    ['alphaDropout', (): tf.layers.Layer => tf.layers.alphaDropout({ rate: 0.4 })],
    [
      'lstm',
      (): tf.layers.Layer =>
        tf.layers.lstm({ units: 3, dropout: 0.4, recurrentDropout: 0.4, kernelInitializer: 'ones' }),
    ],
    [
      'gru',
      (): tf.layers.Layer =>
        tf.layers.gru({ units: 3, dropout: 0.4, recurrentDropout: 0.4, kernelInitializer: 'ones' }),
    ],
    [
      'stacked cells',
      (): tf.layers.Layer =>
        tf.layers.rnn({
          cell: [tf.layers.simpleRNNCell({ units: 3, dropout: 0.4 }), tf.layers.simpleRNNCell({ units: 3 })],
        }),
    ],
    [
      'bidirectional',
      (): tf.layers.Layer =>
        tf.layers.bidirectional({ layer: tf.layers.simpleRNN({ units: 3, dropout: 0.4 }), mergeMode: 'concat' }),
    ],
  ] as const)('%s is a function of the step', (_, make) => {
    const layer = make();
    const first = draw(layer, [4, 5, 6]);

    expect(values(draw(layer, [4, 5, 6]))).toEqual(values(first));
    expect(values(draw(layer, [4, 5, 6], { ...key, step: 3 }))).not.toEqual(values(first));
  });

  it('dropout zeroes its rate of elements and scales the others, once, however often a model is wrapped', () => {
    const layer = tf.layers.dropout({ rate: 0.25 });
    draw(layer, [2, 2]);
    const drawn = values(draw(layer, [100, 100]));
    const zeros = drawn.filter((value) => value === 0).length / drawn.length;

    expect(new Set(drawn)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    expect(zeros).toBeCloseTo(0.25, 1);
  });

  it('spatial dropout drops whole channels', () => {
    const drawn = draw(tf.layers.spatialDropout1d({ rate: 0.5 }), [3, 4, 5]);
    const [first, second] = [tf.slice(drawn, [0, 0, 0], [3, 1, 5]), tf.slice(drawn, [0, 3, 0], [3, 1, 5])];

    expect(values(first)).toEqual(values(second));
  });

  it('alpha dropout keeps mean and variance', () => {
    const layer = tf.layers.alphaDropout({ rate: 0.3 });
    const input = tf.input({ shape: [200] });
    const adapter = fromLayersModel(tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor }));
    const x = tf.randomNormal([200, 200], 0, 1, 'float32', 5);
    const { mean, variance } = tf.moments(adapter.forward({ x }, TRAINING)['predictions']!);

    expect(mean.dataSync()[0]).toBeCloseTo(0, 1);
    expect(variance.dataSync()[0]).toBeCloseTo(1, 1);
  });

  it('keep the numbers of a seed of their own in every step, as in tfjs', () => {
    const layer = tf.layers.dropout({ rate: 0.4, seed: 7 });
    const expected = values(tf.dropout(tf.ones([4, 6]), 0.4, undefined, 7));

    expect(values(draw(layer, [4, 6]))).toEqual(expected);
    expect(values(draw(layer, [4, 6], { ...key, step: 3 }))).toEqual(expected);
  });

  it('are warned of where they count seeds, since a resumed run would count anew', () => {
    const warnings: string[] = [];
    const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
    const adapt = (args: { seed?: number }): unknown => {
      const input = tf.input({ shape: [4, 4, 1] });
      const layer = tf.layers.randomWidth({ factor: 0.5, name: `width${args.seed ?? ''}`, ...args });
      return fromLayersModel(tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor }));
    };
    withLog(log, () => [adapt({}), adapt({ seed: 3 })]);

    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('"width3"');
  });

  it('are the identity in inference', () => {
    const model = tf.sequential({
      layers: [tf.layers.dropout({ rate: 0.5, inputShape: [3] }), tf.layers.gaussianNoise({ stddev: 1 })],
    });
    const x = data([2, 3]);

    expect(values(fromLayersModel(model).forward({ x }, INFERENCE)['predictions']!)).toEqual(values(x));
  });
});

describe('memory', () => {
  it('holds nothing after training and inference, and nothing after an error', () => {
    const model = tf.sequential({
      layers: [
        tf.layers.lstm({ units: 4, dropout: 0.5, recurrentDropout: 0.5, inputShape: [5, 3] }),
        tf.layers.batchNormalization(),
        tf.layers.dropout({ rate: 0.5 }),
        tf.layers.dense({ units: 1, kernelRegularizer: 'l1l2' }),
      ],
    });
    model.compile({ loss: 'meanSquaredError', metrics: ['mae'], optimizer: 'sgd' });
    const adapter = fromLayersModel(model);
    const batch = { x: data([2, 5, 3]), y: data([2, 1]) };
    const before = tf.memory().numTensors;

    for (let i = 0; i < 3; i++) {
      step(adapter, batch, 0.1);
      tf.dispose(tf.tidy(() => adapter.forward(batch, INFERENCE)));
    }
    expect(() => tf.tidy(() => adapter.forward({ x: batch.x, y: data([2, 7]) }, TRAINING))).toThrow(/shape/);

    expect(tf.memory().numTensors).toBe(before);
  });
});
