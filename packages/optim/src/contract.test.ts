import '@tensorflow/tfjs';
import { movingAverageContract, optimizerContract } from '@x/testing';
import type { OptimizerSubject } from '@x/testing';

import {
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
            default: (own) => new Adam({ lr: 0.05 }, own),
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

for (const subject of subjects) optimizerContract(runner, subject);
movingAverageContract(runner, {
  name: 'ExponentialMovingAverage',
  make: (parameters) => new ExponentialMovingAverage({ decay: 0.9 }, parameters),
});
movingAverageContract(runner, {
  name: 'StochasticWeightAveraging',
  make: (parameters) => new StochasticWeightAveraging({ start: 2, interval: 2, unit: 'steps' }, parameters),
});
movingAverageContract(runner, {
  name: 'ScheduleFreeAverage',
  make: (parameters) => new ScheduleFreeAverage(parameters, new ScheduleFreeAdamW({}, parameters)),
});
