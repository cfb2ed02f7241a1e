import type { Plugin } from '@x/trainer-core';
import { definePlugin } from '@x/trainer-core';

import { ConstantRate } from './constant-rate.js';
import { CosineWithRestarts } from './cosine-with-restarts.js';
import { ExponentialDecay } from './exponential-decay.js';
import { InvertedTriangular } from './inverted-triangular.js';
import { LinearWithWarmup } from './linear-with-warmup.js';
import { MultiStepDecay } from './multi-step-decay.js';
import { Noam } from './noam.js';
import { PolynomialDecay } from './polynomial-decay.js';
import { ReduceOnPlateau } from './reduce-on-plateau.js';
import { SlantedTriangular } from './slanted-triangular.js';
import { StepDecay } from './step-decay.js';

const plugin: Plugin = definePlugin({
  name: '@x/schedulers',
  provides: [
    ConstantRate,
    StepDecay,
    MultiStepDecay,
    ExponentialDecay,
    LinearWithWarmup,
    PolynomialDecay,
    CosineWithRestarts,
    Noam,
    ReduceOnPlateau,
    SlantedTriangular,
    InvertedTriangular,
  ],
});

export default plugin;
