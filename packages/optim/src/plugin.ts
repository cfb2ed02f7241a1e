import type { Plugin } from '@x/trainer-core';
import { definePlugin } from '@x/trainer-core';

import { Adadelta } from './adadelta.js';
import { Adagrad } from './adagrad.js';
import { Adam } from './adam.js';
import { Adamax } from './adamax.js';
import { AdamW } from './adamw.js';
import { AveragedSgd } from './averaged-sgd.js';
import { DenseSparseAdam } from './dense-sparse-adam.js';
import { ExponentialMovingAverage } from './exponential-moving-average.js';
import { HuggingfaceAdamW } from './huggingface-adamw.js';
import { NAdam } from './nadam.js';
import { RAdam } from './radam.js';
import { RmsProp } from './rmsprop.js';
import { Rprop } from './rprop.js';
import { Sgd } from './sgd.js';
import { SparseAdam } from './sparse-adam.js';

const plugin: Plugin = definePlugin({
  name: '@x/optim',
  provides: [
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    AveragedSgd,
    DenseSparseAdam,
    ExponentialMovingAverage,
    HuggingfaceAdamW,
    NAdam,
    RAdam,
    RmsProp,
    Rprop,
    Sgd,
    SparseAdam,
  ],
});

export default plugin;
