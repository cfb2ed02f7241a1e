import '@tensorflow/tfjs';
import { learningRateSchedulerContract, momentumSchedulerContract } from '@x/testing';
import type { LearningRateScheduler, Optimizer } from '@x/trainer-core';

import {
  ConstantRate,
  CosineWithRestarts,
  ExponentialDecay,
  InvertedTriangular,
  LinearWithWarmup,
  MultiStepDecay,
  Noam,
  PolynomialDecay,
  ReduceOnPlateau,
  SlantedTriangular,
  StepDecay,
} from './index.js';

const runner = { describe, it };
const EPOCHS = 6;
const STEPS = 4;

const schedulers: Readonly<Record<string, (optimizer: Optimizer) => LearningRateScheduler>> = {
  ConstantRate: () => new ConstantRate(),
  StepDecay: (optimizer) => new StepDecay({ stepSize: 2 }, optimizer),
  MultiStepDecay: (optimizer) => new MultiStepDecay({ milestones: [1, 3] }, optimizer),
  ExponentialDecay: (optimizer) => new ExponentialDecay({ gamma: 0.5 }, optimizer),
  CosineWithRestarts: (optimizer) => new CosineWithRestarts({ tInitial: 2, tMul: 2 }, optimizer, EPOCHS),
  LinearWithWarmup: (optimizer) => new LinearWithWarmup({ warmupSteps: 5 }, optimizer, EPOCHS, STEPS),
  PolynomialDecay: (optimizer) => new PolynomialDecay({ power: 2, warmupSteps: 3 }, optimizer, EPOCHS, STEPS),
  Noam: (optimizer) => new Noam({ modelSize: 64, warmupSteps: 6 }, optimizer),
  ReduceOnPlateau: (optimizer) => new ReduceOnPlateau({ patience: 0 }, optimizer),
  SlantedTriangular: (optimizer) => new SlantedTriangular({ cutFrac: 0.3 }, optimizer, EPOCHS, STEPS),
};
for (const [name, make] of Object.entries(schedulers)) learningRateSchedulerContract(runner, { name, make });

momentumSchedulerContract(runner, {
  name: 'InvertedTriangular',
  make: (optimizer) => new InvertedTriangular({ coolDown: 2, warmUp: 2 }, optimizer),
});
