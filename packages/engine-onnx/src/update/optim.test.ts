import '@tensorflow/tfjs';

import * as tf from '@tensorflow/tfjs-core';
import {
  Adadelta,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  AveragedSgd,
  ExponentialMovingAverage,
  Lion,
  NAdam,
  RAdam,
  RmsProp,
  Rprop,
  Sgd,
  StochasticWeightAveraging,
} from '@x/optim';
import { ParameterSet } from '@x/trainer-core';
import type { MovingAverage, Optimizer } from '@x/trainer-core';

import { byGraph, byInterpreter, byKernels, expectSame } from './__fixtures__/both-ways.js';
import { feedsFor } from './__fixtures__/feeds.js';
import { traceUpdate } from './__fixtures__/traced-update.js';
import { findUpdates } from './find-updates.js';

const OPTIMIZERS: Readonly<Record<string, (parameters: ParameterSet) => Optimizer>> = {
  sgd: (parameters) => new Sgd({ lr: 0.1 }, parameters),
  'sgd with momentum': (parameters) => new Sgd({ lr: 0.1, momentum: 0.9, weightDecay: 0.01 }, parameters),
  nesterov: (parameters) => new Sgd({ lr: 0.1, momentum: 0.9, nesterov: true }, parameters),
  adam: (parameters) => new Adam({}, parameters),
  'adam with amsgrad and weight decay': (parameters) => new Adam({ amsgrad: true, weightDecay: 0.1 }, parameters),
  'adam with a group of its own': (parameters) =>
    new Adam({ parameterGroups: [[['vector'], { lr: 0.5 }]] }, parameters),
  adamw: (parameters) => new AdamW({}, parameters),
  nadam: (parameters) => new NAdam({}, parameters),
  radam: (parameters) => new RAdam({}, parameters),
  rmsprop: (parameters) => new RmsProp({ momentum: 0.5 }, parameters),
  'centered rmsprop': (parameters) => new RmsProp({ centered: true }, parameters),
  adagrad: (parameters) => new Adagrad({}, parameters),
  adadelta: (parameters) => new Adadelta({}, parameters),
  adamax: (parameters) => new Adamax({}, parameters),
  lion: (parameters) => new Lion({}, parameters),
  rprop: (parameters) => new Rprop({}, parameters),
  asgd: (parameters) => new AveragedSgd({}, parameters),
};

const AVERAGES: Readonly<Record<string, (parameters: ParameterSet) => MovingAverage | null>> = {
  'no average': () => null,
  'an exponential average': (parameters) => new ExponentialMovingAverage({}, parameters),
  'an average of all steps': (parameters) =>
    new StochasticWeightAveraging({ start: 1, unit: 'steps' }, parameters, null),
  'a copy, until an average starts': (parameters) =>
    new StochasticWeightAveraging({ start: 9, unit: 'steps' }, parameters, null),
};

const SHAPES = { matrix: [37, 11], vector: [64], short: [3], scalar: [1] };

describe.each(Object.keys(OPTIMIZERS))('the update of %s', (optimizer) => {
  let parameters: ParameterSet;

  beforeEach(() => {
    const variables = Object.entries(SHAPES).map(([name, shape]) => [name, tf.variable(tf.zeros(shape))] as const);
    parameters = ParameterSet.of(Object.fromEntries(variables));
  });

  afterEach(() => tf.disposeVariables());

  it.each(Object.keys(AVERAGES))('is written by kernels with the bits of ONNX Runtime, with %s', (average) => {
    const { states, numbers } = traceUpdate(
      OPTIMIZERS[optimizer]!(parameters),
      AVERAGES[average]!(parameters),
      parameters,
    );
    const plan = findUpdates(states);
    expect(plan.rest).toEqual([]);
    const [first, ...others] = plan.kernels.map(({ calls }) => calls.map(({ length }) => length));
    expect(first).toEqual([407, 64, 3]);
    expect(new Set(others.flat())).toEqual(new Set([1]));

    const fed = Object.entries(numbers).map(([name, value]) => [`number/${name}`, Float32Array.of(value)]);
    const feeds = { ...feedsFor(states), ...(Object.fromEntries(fed) as Record<string, Float32Array>) };
    const expected = byGraph(states, feeds);
    expectSame(byKernels(states, feeds, plan), expected);
    expectSame(byInterpreter(states, feeds, plan), expected);
  });
});
