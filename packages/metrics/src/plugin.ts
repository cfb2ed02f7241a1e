import type { Plugin } from '@x/trainer-core';
import { definePlugin } from '@x/trainer-core';

import { BooleanAccuracy } from './boolean-accuracy.js';
import { CategoricalAccuracy } from './categorical-accuracy.js';
import { F1 } from './f1.js';
import { MeanAbsoluteError } from './mean-absolute-error.js';
import { MeanLoss } from './mean-loss.js';

const plugin: Plugin = definePlugin({
  name: '@x/metrics',
  provides: [MeanLoss, CategoricalAccuracy, BooleanAccuracy, F1, MeanAbsoluteError],
});

export default plugin;
