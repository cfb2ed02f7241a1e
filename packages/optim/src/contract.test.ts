import '@tensorflow/tfjs';
import { movingAverageContract, optimizerContract } from '@x/testing';

import {
  Adafactor,
  Adam,
  AdamW,
  ExponentialMovingAverage,
  Lamb,
  Lion,
  ScheduleFreeAdamW,
  ScheduleFreeAverage,
  Sgd,
  StochasticWeightAveraging,
} from './index.js';

const runner = { describe, it };

optimizerContract(runner, { name: 'Sgd', make: (parameters) => new Sgd({ lr: 0.05 }, parameters) });
optimizerContract(runner, {
  name: 'Sgd with momentum',
  make: (parameters) => new Sgd({ lr: 0.02, momentum: 0.9, nesterov: true }, parameters),
});
optimizerContract(runner, { name: 'Adam', make: (parameters) => new Adam({ lr: 0.05 }, parameters) });
optimizerContract(runner, {
  name: 'Adam with amsgrad',
  make: (parameters) => new Adam({ lr: 0.05, amsgrad: true }, parameters),
});
optimizerContract(runner, { name: 'AdamW', make: (parameters) => new AdamW({ lr: 0.05 }, parameters) });
optimizerContract(runner, { name: 'Lion', make: (parameters) => new Lion({ lr: 0.01 }, parameters) });
optimizerContract(runner, {
  name: 'Lamb',
  make: (parameters) => new Lamb({ lr: 0.02, weightDecay: 1e-4 }, parameters),
});
optimizerContract(runner, {
  name: 'Adafactor',
  make: (parameters) => new Adafactor({ beta1: 0.5, lr: 0.1, relativeStep: false }, parameters),
});
optimizerContract(runner, {
  name: 'Adafactor with relative steps',
  make: (parameters) => new Adafactor({ scaleParameter: false }, parameters),
  change: (options) => {
    options['clipThreshold'] = 0.5;
  },
});
optimizerContract(runner, {
  name: 'ScheduleFreeAdamW',
  make: (parameters) => new ScheduleFreeAdamW({ lr: 0.05, warmupSteps: 10 }, parameters),
});
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
