import '@tensorflow/tfjs';
import { movingAverageContract, optimizerContract } from '@x/testing';

import { Adam, AdamW, ExponentialMovingAverage, Sgd } from './index.js';

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
movingAverageContract(runner, {
  name: 'ExponentialMovingAverage',
  make: (parameters) => new ExponentialMovingAverage({ decay: 0.9 }, parameters),
});
