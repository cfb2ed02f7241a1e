import type { Plugin } from '@x/trainer-core';
import { definePlugin } from '@x/trainer-core';

import { Combined } from './combined.js';
import { ConstantRate } from './constant-rate.js';
import { ConstantWithWarmup } from './constant-with-warmup.js';
import { CosineAnnealing } from './cosine-annealing.js';
import { CosineHardRestartsWithWarmup } from './cosine-hard-restarts-with-warmup.js';
import { CosineWithRestarts } from './cosine-with-restarts.js';
import { CosineWithWarmup } from './cosine-with-warmup.js';
import { ExponentialDecay } from './exponential-decay.js';
import { InvertedTriangular } from './inverted-triangular.js';
import { LinearWithWarmup } from './linear-with-warmup.js';
import { MultiStepDecay } from './multi-step-decay.js';
import { Noam } from './noam.js';
import { OneCycle } from './one-cycle.js';
import { PerGroup } from './per-group.js';
import { PolynomialDecay } from './polynomial-decay.js';
import { ReduceOnPlateau } from './reduce-on-plateau.js';
import { SlantedTriangular } from './slanted-triangular.js';
import { StepDecay } from './step-decay.js';
import { WarmupStableDecay } from './warmup-stable-decay.js';

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
    ConstantWithWarmup,
    CosineWithWarmup,
    CosineHardRestartsWithWarmup,
    CosineAnnealing,
    OneCycle,
    WarmupStableDecay,
    Combined,
    PerGroup,
    InvertedTriangular,
  ],
});

export default plugin;
