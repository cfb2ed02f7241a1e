import type { Plugin } from '@x/trainer-core';
import { definePlugin } from '@x/trainer-core';

import { Adam } from './adam.js';
import { AdamW } from './adamw.js';
import { ExponentialMovingAverage } from './exponential-moving-average.js';
import { Sgd } from './sgd.js';

const plugin: Plugin = definePlugin({ name: '@x/optim', provides: [Adam, AdamW, ExponentialMovingAverage, Sgd] });

export default plugin;
