import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { movingAverageContract, optimizerContract } from '@x/testing';
import type { MovingAverageSubject, OptimizerSubject } from '@x/testing';
import { MovingAverage, Optimizer, ParameterSet, Registry } from '@x/trainer-core';

import optim, {
  Adadelta,
  Adafactor,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  AveragedSgd,
  DenseSparseAdam,
  ExponentialMovingAverage,
  HuggingfaceAdamW,
  Lamb,
  Lion,
  MultiOptimizer,
  Muon,
  NAdam,
  RAdam,
  RmsProp,
  Rprop,
  ScheduleFreeAdamW,
  ScheduleFreeAverage,
  Sgd,
  SparseAdam,
  StochasticWeightAveraging,
} from './index.js';

const runner = { describe, it };

const subjects: OptimizerSubject[] = [
  { name: 'Adadelta', make: (parameters) => new Adadelta({ eps: 1e-2 }, parameters) },
  {
    name: 'Adafactor',
    make: (parameters) => new Adafactor({ beta1: 0.5, lr: 0.1, relativeStep: false }, parameters),
  },
  {
    name: 'Adafactor with relative steps',
    make: (parameters) => new Adafactor({ scaleParameter: false }, parameters),
    change: (options) => {
      options['clipThreshold'] = 0.5;
    },
  },
  { name: 'Adagrad', make: (parameters) => new Adagrad({ lr: 0.5, lrDecay: 1e-3 }, parameters) },
  {
    name: 'Adagrad with row-sparse gradients',
    make: (parameters) => new Adagrad({ lr: 0.5 }, parameters),
    rowSparse: true,
  },
  { name: 'Adam', make: (parameters) => new Adam({ lr: 0.05 }, parameters) },
  { name: 'Adam with amsgrad', make: (parameters) => new Adam({ lr: 0.05, amsgrad: true }, parameters) },
  { name: 'Adamax', make: (parameters) => new Adamax({ lr: 0.05 }, parameters) },
  { name: 'AdamW', make: (parameters) => new AdamW({ lr: 0.05 }, parameters) },
  { name: 'AdamW with amsgrad', make: (parameters) => new AdamW({ lr: 0.05, amsgrad: true }, parameters) },
  {
    name: 'AveragedSgd',
    make: (parameters) => new AveragedSgd({ lr: 0.05, t0: 2 }, parameters),
    change: (options) => {
      options['weightDecay'] = 0.1;
    },
  },
  { name: 'DenseSparseAdam', make: (parameters) => new DenseSparseAdam({ lr: 0.05 }, parameters) },
  {
    name: 'DenseSparseAdam with row-sparse gradients',
    make: (parameters) => new DenseSparseAdam({ lr: 0.05 }, parameters),
    rowSparse: true,
  },
  { name: 'HuggingfaceAdamW', make: (parameters) => new HuggingfaceAdamW({ lr: 0.05, weightDecay: 0.01 }, parameters) },
  { name: 'Lamb', make: (parameters) => new Lamb({ lr: 0.02, weightDecay: 1e-4 }, parameters) },
  { name: 'Lion', make: (parameters) => new Lion({ lr: 0.01 }, parameters) },
  {
    name: 'MultiOptimizer with Muon for the matrix',
    make: (parameters) =>
      new MultiOptimizer(
        {
          optimizers: {
            default: (own) => new Adam({ lr: 0.05, amsgrad: true }, own),
            matrices: (own) => new Muon({ lr: 0.02, weightDecay: 0 }, own),
          },
          parameterGroups: [[['weight'], { optimizerName: 'matrices' }]],
        },
        parameters,
      ),
  },
  {
    name: 'MultiOptimizer with row-sparse gradients',
    make: (parameters) =>
      new MultiOptimizer({ optimizers: { default: (own) => new SparseAdam({ lr: 0.05 }, own) } }, parameters),
    rowSparse: true,
  },
  { name: 'NAdam', make: (parameters) => new NAdam({ lr: 0.05 }, parameters) },
  { name: 'RAdam', make: (parameters) => new RAdam({ lr: 0.05 }, parameters) },
  { name: 'RmsProp', make: (parameters) => new RmsProp({ lr: 0.02 }, parameters) },
  {
    name: 'RmsProp, centered and with momentum',
    make: (parameters) => new RmsProp({ lr: 0.005, centered: true, momentum: 0.5 }, parameters),
  },
  {
    name: 'Rprop',
    make: (parameters) => new Rprop({}, parameters),
    change: (options) => {
      options['etas'] = [0.5, 1.1];
    },
  },
  {
    name: 'ScheduleFreeAdamW',
    make: (parameters) => new ScheduleFreeAdamW({ lr: 0.05, warmupSteps: 10 }, parameters),
  },
  { name: 'Sgd', make: (parameters) => new Sgd({ lr: 0.05 }, parameters) },
  { name: 'Sgd with momentum', make: (parameters) => new Sgd({ lr: 0.02, momentum: 0.9, nesterov: true }, parameters) },
  { name: 'SparseAdam', make: (parameters) => new SparseAdam({ lr: 0.05 }, parameters), rowSparse: true },
];

const averages: MovingAverageSubject[] = [
  {
    name: 'ExponentialMovingAverage',
    make: (parameters) => new ExponentialMovingAverage({ decay: 0.9 }, parameters),
  },
  {
    name: 'StochasticWeightAveraging',
    make: (parameters) => new StochasticWeightAveraging({ start: 2, interval: 2, unit: 'steps' }, parameters),
  },
  {
    name: 'ScheduleFreeAverage',
    make: (parameters) => new ScheduleFreeAverage(parameters, new ScheduleFreeAdamW({}, parameters)),
  },
];

for (const subject of subjects) optimizerContract(runner, subject);
for (const subject of averages) movingAverageContract(runner, subject);

describe('the contracts are asked of', () => {
  const parameters = ParameterSet.of({ weight: tf.variable(tf.zeros([2, 3])), bias: tf.variable(tf.zeros([3])) });
  const made = subjects.map(({ make }) => make(parameters));
  const classes = (instances: readonly object[]): Set<unknown> => new Set(instances.map((each) => each.constructor));
  const registered = (kind: string): Set<unknown> =>
    new Set(new Registry([optim]).all(kind).map(({ target }) => target));

  it('every optimizer', () => {
    // Muon takes matrices only: it is asked inside of a MultiOptimizer
    expect(new Set([...classes(made), Muon])).toEqual(registered(Optimizer.kind));
  });

  it('every moving average', () => {
    expect(classes(averages.map(({ make }) => make(parameters)))).toEqual(registered(MovingAverage.kind));
  });

  it('every option that adds a slot', () => {
    const slotsOf = (optimizer: Optimizer): string[] =>
      [...parameters].flatMap((parameter) =>
        Object.keys(optimizer.initialSlots(optimizer.groupOf(parameter).options, parameter.shape)),
      );
    for (const optimizer of made) {
      const alike = made.filter((other) => other.constructor === optimizer.constructor);
      const optional = [...parameters].flatMap(({ shape }) => Object.keys(optimizer.optionalSlots(shape)));
      expect(alike.flatMap(slotsOf)).toEqual(expect.arrayContaining(optional));
    }
  });
});
