import type { Plugin } from '@x/trainer-core';
import { definePlugin } from '@x/trainer-core';

import { Adadelta } from './adadelta.js';
import { Adafactor } from './adafactor.js';
import { Adagrad } from './adagrad.js';
import { Adam } from './adam.js';
import { Adamax } from './adamax.js';
import { AdamW } from './adamw.js';
import { AveragedSgd } from './averaged-sgd.js';
import { DenseSparseAdam } from './dense-sparse-adam.js';
import { ExponentialMovingAverage } from './exponential-moving-average.js';
import { HuggingfaceAdamW } from './huggingface-adamw.js';
import { Lamb } from './lamb.js';
import { Lion } from './lion.js';
import { MultiOptimizer } from './multi-optimizer.js';
import { Muon } from './muon.js';
import { NAdam } from './nadam.js';
import { RAdam } from './radam.js';
import { RmsProp } from './rmsprop.js';
import { Rprop } from './rprop.js';
import { ScheduleFreeAdamW } from './schedule-free-adamw.js';
import { ScheduleFreeAverage } from './schedule-free-average.js';
import { Sgd } from './sgd.js';
import { SparseAdam } from './sparse-adam.js';
import { StochasticWeightAveraging } from './stochastic-weight-averaging.js';

const plugin: Plugin = definePlugin({
  name: '@x/optim',
  provides: [
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
  ],
});

export default plugin;
