import type { Plugin } from '@x/trainer-core';
import { definePlugin } from '@x/trainer-core';

import { Adafactor } from './adafactor.js';
import { Adam } from './adam.js';
import { AdamW } from './adamw.js';
import { ExponentialMovingAverage } from './exponential-moving-average.js';
import { Lamb } from './lamb.js';
import { Lion } from './lion.js';
import { Muon } from './muon.js';
import { ScheduleFreeAdamW } from './schedule-free-adamw.js';
import { ScheduleFreeAverage } from './schedule-free-average.js';
import { Sgd } from './sgd.js';
import { StochasticWeightAveraging } from './stochastic-weight-averaging.js';

const plugin: Plugin = definePlugin({
  name: '@x/optim',
  provides: [
    Adafactor,
    Adam,
    AdamW,
    ExponentialMovingAverage,
    Lamb,
    Lion,
    Muon,
    ScheduleFreeAdamW,
    ScheduleFreeAverage,
    Sgd,
    StochasticWeightAveraging,
  ],
});

export default plugin;
