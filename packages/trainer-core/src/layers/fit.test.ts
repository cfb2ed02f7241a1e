import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

import { Engine } from '../contracts/engine.js';
import { Optimizer } from '../contracts/optimizer.js';
import type { Coefficients, Hyperparameters, RuleInput, RuleOutput } from '../contracts/optimizer.js';
import { EagerEngine } from '../engine/eager-engine.js';
import { withLog } from '../log.js';
import { definePlugin } from '../plugins/plugin.js';
import { inject } from '../plugins/tokens.js';
import { ModelParameters } from '../plugins/run-tokens.js';
import { ParameterSet } from '../state/parameters.js';
import { compiledOptimizer } from './compiled-optimizer.js';
import { fit } from './fit.js';
import type { FitLogs } from './fit-callbacks.js';
import { fromLayersModel } from './layers-model.js';

const SgdOptions = z.strictObject({ lr: z.number() });

/** Plain gradient descent with a slot, to see that slots are freed. */
@Optimizer.register('sgd', SgdOptions)
class Sgd extends Optimizer {
  constructor(options: z.output<typeof SgdOptions>, @inject(ModelParameters) parameters: ParameterSet) {
    super(options, parameters);
  }

  override initialSlots(): Record<string, number> {
    return { last: 0 };
  }

  override coefficients(options: Hyperparameters): Coefficients {
    return { lr: Number(options['lr']) };
  }

  override update({ parameter, gradient, coefficients }: RuleInput): RuleOutput {
    return { parameter: tf.sub(parameter, tf.mul(gradient, coefficients['lr']!)), slots: { last: gradient } };
  }
}

const optim = definePlugin({ name: 'test-optim', provides: [Sgd] });

/** 10 examples of a separable problem. */
function problem(): { x: tf.Tensor2D; y: tf.Tensor2D } {
  const x = tf.tensor2d(
    Float32Array.from({ length: 20 }, (_, i) => Math.sin(3 * i)),
    [10, 2],
  );
  return {
    x,
    y: tf.tensor2d(Array.from(x.dataSync()).flatMap((value, i) => (i % 2 === 0 ? [value > 0 ? [1, 0] : [0, 1]] : []))),
  };
}

function makeModel(): tf.Sequential {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({
        units: 4,
        inputShape: [2],
        activation: 'tanh',
        kernelRegularizer: tf.regularizers.l2({ l2: 0.1 }),
      }),
      tf.layers.batchNormalization({ momentum: 0.9 }),
      tf.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.2), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  model.setWeights(
    model
      .getWeights()
      .map((weight, i) =>
        weight.rank === 1 ? weight : tf.mul(tf.sin(tf.add(tf.reshape(tf.range(0, weight.size), weight.shape), i)), 0.5),
      ),
  );
  return model;
}

function expectClose(actual: readonly number[], expected: readonly unknown[]): void {
  expect(actual).toEqual(expected.map((value) => expect.closeTo(value as number, 4) as number));
}

describe('fit', () => {
  it('trains and reports as model.fit does', async () => {
    const { x, y } = problem();
    const [stock, ours] = [makeModel(), makeModel()];
    const options = { epochs: 3, batchSize: 4, shuffle: false, validationSplit: 0.3, verbose: 0 } as const;

    const expected = await stock.fit(x, y, options);
    const history = await fit(ours, { x, y }, { ...options, plugins: [optim] });

    expect(history.epoch).toEqual(expected.epoch);
    expect(Object.keys(history.history).sort()).toEqual(Object.keys(expected.history).sort());
    for (const [name, values] of Object.entries(expected.history)) expectClose(history.history[name]!, values);
    stock
      .getWeights()
      .forEach((weight, i) => expectClose([...ours.getWeights()[i]!.dataSync()], [...weight.dataSync()]));
  });

  it('takes class weights as model.fit does', async () => {
    const { x, y } = problem();
    const [stock, ours] = [makeModel(), makeModel()];
    const options = { epochs: 2, batchSize: 5, shuffle: false, classWeight: { 0: 0.5, 1: 3 }, verbose: 0 } as const;

    const expected = await stock.fit(x, y, options);
    const { history } = await fit(ours, [x, y], { ...options, plugins: [optim] });

    expectClose(history['loss']!, expected.history['loss']!);
  });

  it('trains on a dataset as model.fitDataset does', async () => {
    const { x, y } = problem();
    const dataset = tf.data.zip({ xs: tf.data.array(x.arraySync()), ys: tf.data.array(y.arraySync()) }).batch(5);
    const [stock, ours] = [makeModel(), makeModel()];

    const expected = await stock.fitDataset(dataset, { epochs: 2, validationData: dataset, verbose: 0 });
    const { history } = await fit(ours, dataset, { epochs: 2, validationData: dataset, plugins: [optim] });

    expectClose(history['loss']!, expected.history['loss']!);
    expectClose(history['val_acc']!, expected.history['val_acc']!);
  });

  it('calls the callbacks of tfjs in its order, with its names', async () => {
    const { x, y } = problem();
    const calls = (into: string[]): tf.CustomCallbackArgs => ({
      onTrainBegin: () => void into.push('train begin'),
      onTrainEnd: () => void into.push('train end'),
      onEpochBegin: (epoch) => void into.push(`epoch ${epoch} begin`),
      onEpochEnd: (epoch, logs) => void into.push(`epoch ${epoch} end ${Object.keys(logs!).sort().join()}`),
      onBatchBegin: (batch) => void into.push(`batch ${batch} begin`),
      onBatchEnd: (batch, logs) =>
        void into.push(`batch ${batch} end ${Object.keys(logs!).sort().join()} of ${logs!['size']}`),
    });
    const [expected, actual]: [string[], string[]] = [[], []];
    const options = { epochs: 4, initialEpoch: 2, batchSize: 6, validationData: [x, y] } as const;

    await makeModel().fit(x, y, { ...options, validationData: [x, y], verbose: 0, callbacks: calls(expected) });
    await fit(makeModel(), { x, y }, { ...options, callbacks: calls(actual), plugins: [optim] });

    expect(actual).toEqual(expected);
  });

  it('obeys callbacks of tfjs that stop training', async () => {
    const { x, y } = problem();
    const model = makeModel();
    const { epoch } = await fit(
      model,
      { x, y },
      {
        epochs: 10,
        optimizer: { type: 'sgd', lr: 0 },
        plugins: [optim],
        callbacks: tf.callbacks.earlyStopping({ monitor: 'loss', patience: 2 }),
      },
    );

    expect(epoch.length).toBeLessThan(5);
    expect(model.stopTraining).toBe(true);
  });

  it('takes the options of the trainer', async () => {
    const { x, y } = problem();
    const model = makeModel();
    const before = model.getWeights()[0]!.dataSync().slice();
    await fit(model, { x, y }, { plugins: [optim], noGrad: ['dense_.*/kernel$'] });

    expect(model.getWeights()[0]!.dataSync()).toEqual(before);
  });

  it('repeats itself for one seed', async () => {
    const { x, y } = problem();
    const losses = async (seed: number): Promise<number[]> =>
      (await fit(makeModel(), { x, y }, { epochs: 2, batchSize: 3, seed, plugins: [optim] })).history['loss']!;

    expect(await losses(1)).toEqual(await losses(1));
    expect(await losses(1)).not.toEqual(await losses(2));
  });

  it('logs a line per epoch', async () => {
    const { x, y } = problem();
    const lines: string[] = [];
    const keep = (line: string): void => void lines.push(line);
    await withLog({ info: keep, warn: keep }, () => fit(makeModel(), { x, y }, { epochs: 2, plugins: [optim] }));

    expect(lines.filter((line) => line.startsWith('epoch '))).toEqual([
      expect.stringMatching(/^epoch 1\/2: acc .*, loss /),
      expect.stringMatching(/^epoch 2\/2: /),
    ]);
  });

  it('leaves nothing in memory, after an error neither', async () => {
    const { x, y } = problem();
    const model = makeModel();
    const options = {
      epochs: 2,
      batchSize: 3,
      validationSplit: 0.2,
      classWeight: { 0: 1, 1: 2 },
      plugins: [optim],
      verbose: 0,
    } as const;
    await fit(model, { x, y }, options);
    const before = tf.memory().numTensors;

    await fit(model, { x, y }, options);
    await expect(fit(model, { x, y }, { ...options, classWeight: { 0: 1 } })).rejects.toThrow(/class 1/);
    const failing = {
      onEpochEnd: (_: number, logs?: FitLogs): void => {
        throw new RangeError(`loss ${logs!['loss']}`);
      },
    };
    await expect(fit(model, { x, y }, { ...options, callbacks: failing })).rejects.toThrow(/^loss/);

    expect(tf.memory().numTensors).toBe(before);
  });

  it('frees nothing of an optimizer that the caller built', async () => {
    const { x, y } = problem();
    const model = makeModel();
    const optimizer = new Sgd({ lr: 0.1 }, ParameterSet.of(fromLayersModel(model).namedVariables()));
    await fit(model, { x, y }, { optimizer });

    expect(Object.keys(optimizer.stateDict()['state'] as object)).toHaveLength(6);
  });
});

test('fit frees the engine that it makes, and leaves one that it is given', async () => {
  const freed: string[] = [];
  @Engine.register('noted')
  class Noted extends EagerEngine {
    override dispose(): void {
      freed.push('engine');
    }
  }
  const model = makeModel();
  const data = problem();
  const plugins = [optim, definePlugin({ name: 'noted', provides: [Noted] })];
  await fit(model, data, { plugins, verbose: 0, engine: new Noted() });
  expect(freed).toEqual([]);
  await fit(model, data, { plugins, verbose: 0, engine: 'noted' });
  expect(freed).toEqual(['engine']);
  tf.dispose([data.x, data.y]);
  model.dispose();
});

describe('errors of fit', () => {
  const { x, y } = problem();

  it('names the package that an optimizer comes from', async () => {
    await expect(fit(makeModel(), { x, y })).rejects.toThrow(
      /compiled optimizer SGD .*import optim from '@x\/optim'.*plugins: \[optim\]/,
    );
  });

  it('tells to compile', async () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [2] })] });

    await expect(fit(model, { x, y }, { plugins: [optim] })).rejects.toThrow(/not compiled: call model\.compile/);
  });

  it('collects what is wrong with its numbers', async () => {
    await expect(fit(makeModel(), { x, y }, { batchSize: 0, validationSplit: 1, plugins: [optim] })).rejects.toThrow(
      /batchSize: expected a whole number above 0, received 0[^]*validationSplit: expected a share in \[0, 1\), received 1/,
    );
  });

  it('says what data it takes', async () => {
    const notTensors = { x: [1, 2], y } as unknown as { x: tf.Tensor; y: tf.Tensor };

    await expect(fit(makeModel(), notTensors, { plugins: [optim] })).rejects.toThrow(/\{ x, y \}, as \[x, y\]/);
  });

  it('refuses to split a dataset', async () => {
    const dataset = tf.data.array([{ xs: x, ys: y }]);

    await expect(fit(makeModel(), dataset, { validationSplit: 0.5, plugins: [optim] })).rejects.toThrow(
      /validationSplit: is for data in tensors/,
    );
  });
});

describe('compiledOptimizer', () => {
  const translate = (optimizer: tf.Optimizer): unknown => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
    model.compile({ optimizer, loss: 'meanSquaredError' });
    return compiledOptimizer(model, [optim]);
  };

  it.each([
    [tf.train.sgd(0.1), { type: 'sgd', lr: 0.1 }],
    [tf.train.momentum(0.1, 0.9, true), { type: 'sgd', lr: 0.1, momentum: 0.9, nesterov: true }],
    [tf.train.adam(0.1, 0.8, 0.99, 1e-6), { type: 'adam', lr: 0.1, betas: [0.8, 0.99], eps: 1e-6 }],
    [tf.train.adamax(0.1, 0.8, 0.99, 1e-6), { type: 'adamax', lr: 0.1, betas: [0.8, 0.99], eps: 1e-6 }],
    [tf.train.adagrad(0.1, 0.2), { type: 'adagrad', lr: 0.1, initialAccumulatorValue: 0.2 }],
    [tf.train.adadelta(0.1, 0.9, 1e-6), { type: 'adadelta', lr: 0.1, rho: 0.9, eps: 1e-6 }],
    [
      tf.train.rmsprop(0.1, 0.9, 0.5, 1e-6, true),
      { type: 'rmsprop', lr: 0.1, alpha: 0.9, momentum: 0.5, eps: 1e-6, centered: true },
    ],
  ])('translates %#', (optimizer, expected) => {
    expect(translate(optimizer)).toEqual(expected);
  });

  it('names an optimizer that is not one of tfjs', () => {
    class Lion extends tf.SGDOptimizer {
      static override readonly className = 'Lion' as 'SGD';
    }

    expect(() => translate(new Lion(0.1))).toThrow(/Lion is not one of tfjs's own.*pass "optimizer"/);
  });
});
