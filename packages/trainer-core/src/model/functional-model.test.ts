import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { ParameterSet } from '../state/parameters.js';
import { valueAndGradients } from '../programs/value-and-gradients.js';
import { functionalModel } from './functional-model.js';
import type { FunctionalModel } from './functional-model.js';
import { InitializerApplicator } from './initializer-applicator.js';
import { ConstantInitializer } from './initializers/constant.js';
import { EyeInitializer } from './initializers/identity.js';
import { normal } from './initializers/normal.js';
import { RegularizerApplicator } from './regularizers/applicator.js';
import { L2Regularizer } from './regularizers/l2.js';

const TRAINING = { training: true };

function linearModel(seed?: number, initializer?: InitializerApplicator): FunctionalModel {
  return functionalModel({
    ...(seed === undefined ? {} : { seed }),
    initializer,
    init: (random) => ({ w: normal([2, 1], random.at('w')) as tf.Tensor2D, b: tf.zeros([1]) }),
    forward: ({ w, b }, { x, y }) => {
      const predictions = tf.add(tf.matMul(x as tf.Tensor2D, w), b);
      return { loss: tf.losses.meanSquaredError(y as tf.Tensor, predictions), predictions };
    },
    regularizer: new RegularizerApplicator([['w', new L2Regularizer({ alpha: 0.5 })]]),
  });
}

/** A running mean with momentum 0.5 of what it sees; the loss is the mean's distance from its one parameter. */
function modelWithRunningMean(newName = 'mean'): FunctionalModel {
  return functionalModel({
    init: () => ({ w: tf.scalar(1) }),
    buffers: () => ({ mean: tf.scalar(4) }),
    forward: ({ w }, { x }, _mode, { mean }) => ({
      outputs: { loss: tf.square(tf.sub(mean, w)) },
      buffers: { [newName]: tf.add(tf.mul(mean, 0.5), tf.mul(tf.mean(x as tf.Tensor), 0.5)) },
    }),
  });
}

describe('functionalModel', () => {
  it('computes the loss and its gradients from the named parameters', () => {
    const model = linearModel();
    const { w, b } = model.namedVariables();
    w!.assign(tf.tensor2d([[1], [2]]));
    const batch = {
      x: tf.tensor2d([
        [1, 1],
        [0, 3],
      ]),
      y: tf.tensor2d([[1], [8]]),
    };

    const { outputs, gradients } = valueAndGradients(() => {
      const all = model.forward(batch, TRAINING);
      return { objective: all['loss'] as tf.Scalar, outputs: all };
    }, [...ParameterSet.of({ w: w!, b: b! })]);

    // predictions 3 and 6, errors 2 and -2
    expect(outputs['loss']!.dataSync()[0]).toBeCloseTo(4, 6);
    expect([...gradients['w']!.dataSync()]).toEqual([2, -4]);
    expect([...gradients['b']!.dataSync()]).toEqual([0]);
  });

  it('starts with the same bits for one seed and with others for another', () => {
    const weights = (seed: number): number[] => [...linearModel(seed).namedVariables()['w']!.dataSync()];

    expect(weights(3)).toEqual(weights(3));
    expect(weights(3)).not.toEqual(weights(4));
  });

  it('starts with what its initializer says, where it says anything', () => {
    const model = linearModel(3, new InitializerApplicator([['b', new ConstantInitializer({ val: 4 })]]));

    expect([...model.namedVariables()['b']!.dataSync()]).toEqual([4]);
    expect([...model.namedVariables()['w']!.dataSync()]).toEqual([...linearModel(3).namedVariables()['w']!.dataSync()]);
  });

  it('leaks nothing when its initializer does not fit', () => {
    const before = tf.memory().numTensors;

    expect(() => linearModel(3, new InitializerApplicator([['b', new EyeInitializer()]]))).toThrow(/2 dimensions/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('adds the penalty of its regularizer over trainable parameters', () => {
    const model = linearModel();
    model.namedVariables()['w']!.assign(tf.tensor2d([[3], [4]]));
    expect(model.regularizationPenalty()!.dataSync()[0]).toBeCloseTo(12.5, 5);

    model.namedVariables()['w']!.trainable = false;
    expect(model.regularizationPenalty()!.dataSync()[0]).toBe(0);
  });

  it('takes new buffer values in training only', () => {
    const model = modelWithRunningMean();
    const x = tf.tensor1d([1, 3]);

    model.forward({ x }, { training: false });
    expect(model.namedBuffers()['mean']!.dataSync()[0]).toBe(4);

    model.forward({ x }, TRAINING);
    expect(model.namedBuffers()['mean']!.dataSync()[0]).toBe(3);
  });

  it('refuses a buffer that it does not have', () => {
    const model = modelWithRunningMean('average');

    expect(() => model.forward({ x: tf.tensor1d([1]) }, TRAINING)).toThrow(/buffer "average".*\[mean\]/);
  });

  it('lets two models live side by side and gives everything back', () => {
    const before = tf.memory().numTensors;
    const models = [linearModel(), linearModel(), modelWithRunningMean()];
    expect(tf.memory().numTensors).toBe(before + 6);

    for (const model of models) model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('leaks nothing when initialization fails', () => {
    const before = tf.memory().numTensors;

    expect(() =>
      functionalModel({
        init: () => {
          tf.ones([3]);
          throw new RangeError('no such size');
        },
        forward: () => ({}),
      }),
    ).toThrow('no such size');
    expect(tf.memory().numTensors).toBe(before);
  });
});
