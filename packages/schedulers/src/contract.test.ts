import '@tensorflow/tfjs';
import { learningRateSchedulerContract, MomentumDescent, momentumSchedulerContract } from '@x/testing';
import type { SchedulerSubject } from '@x/testing';
import { LearningRateScheduler, MomentumScheduler, Registry } from '@x/trainer-core';
import type { Optimizer, ParameterGroupConfig } from '@x/trainer-core';

import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import plugin, {
  Combined,
  ConstantRate,
  ConstantWithWarmup,
  CosineAnnealing,
  CosineHardRestartsWithWarmup,
  CosineWithRestarts,
  CosineWithWarmup,
  ExponentialDecay,
  InvertedTriangular,
  LinearWithWarmup,
  MultiStepDecay,
  Noam,
  OneCycle,
  PerGroup,
  PolynomialDecay,
  ReduceOnPlateau,
  SlantedTriangular,
  StepDecay,
  WarmupStableDecay,
} from './index.js';
import type { CombinedOptions } from './index.js';

const runner = { describe, it };
const EPOCHS = 6;
const STEPS = 4;
/** The parameter groups of a model of two layers. */
const layers: readonly ParameterGroupConfig[] = [
  [['weight'], {}],
  [['bias|unused'], {}],
];

const rates: Readonly<Record<string, (optimizer: Optimizer) => LearningRateScheduler>> = {
  ConstantRate: () => new ConstantRate(),
  StepDecay: (optimizer) => new StepDecay({ stepSize: 2 }, optimizer),
  MultiStepDecay: (optimizer) => new MultiStepDecay({ milestones: [1, 3] }, optimizer),
  ExponentialDecay: (optimizer) => new ExponentialDecay({ gamma: 0.5 }, optimizer),
  CosineWithRestarts: (optimizer) => new CosineWithRestarts({ tInitial: 2, tMul: 2 }, optimizer, EPOCHS),
  LinearWithWarmup: (optimizer) => new LinearWithWarmup({ warmupSteps: 5 }, optimizer, EPOCHS, STEPS),
  PolynomialDecay: (optimizer) => new PolynomialDecay({ power: 2, warmupSteps: 3 }, optimizer, EPOCHS, STEPS),
  Noam: (optimizer) => new Noam({ modelSize: 64, warmupSteps: 6 }, optimizer),
  ReduceOnPlateau: (optimizer) => new ReduceOnPlateau({ patience: 0 }, optimizer),
  ConstantWithWarmup: (optimizer) => new ConstantWithWarmup({ numWarmupSteps: 5 }, optimizer),
  'ConstantWithWarmup per epoch': (optimizer) => new ConstantWithWarmup({ numWarmupSteps: 3, per: 'epoch' }, optimizer),
  CosineWithWarmup: (optimizer) => new CosineWithWarmup({ numWarmupSteps: 5 }, optimizer, EPOCHS, STEPS),
  CosineHardRestartsWithWarmup: (optimizer) =>
    new CosineHardRestartsWithWarmup({ numWarmupSteps: 5, numCycles: 3 }, optimizer, EPOCHS, STEPS),
  CosineAnnealing: (optimizer) => new CosineAnnealing({ tMax: 4 }, optimizer, EPOCHS, STEPS),
  'CosineAnnealing per step': (optimizer) => new CosineAnnealing({ per: 'step' }, optimizer, EPOCHS, STEPS),
  WarmupStableDecay: (optimizer) => new WarmupStableDecay({ warmupSteps: 5 }, optimizer, EPOCHS, STEPS),
  Combined: (optimizer) => combined(optimizer, {}),
  PerGroup: (optimizer) =>
    new PerGroup(
      { schedulers: [[1, { construct: () => new ExponentialDecay({ per: 'step' }, optimizer) }]] },
      optimizer,
    ),
  SlantedTriangular: (optimizer) => new SlantedTriangular({ cutFrac: 0.3 }, optimizer, EPOCHS, STEPS),
};

function combined(optimizer: Optimizer, rules: Partial<CombinedOptions>): Combined {
  const linear = { construct: () => new LinearWithWarmup({ warmupSteps: 2 }, optimizer, 2, STEPS) };
  const plateau = { construct: () => new ReduceOnPlateau({ patience: 0 }, optimizer) };
  const step = { construct: () => new StepDecay({ stepSize: 1, gamma: 0.5 }, optimizer) };
  return new Combined({ schedulers: [[1, step], [2, linear], [2, plateau]], ...rules }, optimizer, STEPS); // prettier-ignore
}

const subjects: readonly SchedulerSubject<LearningRateScheduler>[] = [
  ...Object.entries(rates).map(([name, make]) => ({ name, make })),
  {
    name: 'Combined as in AllenNLP 2',
    make: (optimizer) => combined(optimizer, { startFrom: 'current', counting: 'global' }),
    alsoSets: ['initialLr'],
  },
  {
    name: 'OneCycle',
    make: (optimizer) => new OneCycle({ maxLr: 0.5 }, optimizer, EPOCHS, STEPS),
    alsoSets: ['momentum'],
  },
  {
    name: 'SlantedTriangular in fine-tuning',
    make: (optimizer) =>
      new SlantedTriangular({ gradualUnfreezing: true, discriminativeFineTuning: true }, optimizer, EPOCHS, STEPS),
    optimizer: (parameters) => new MomentumDescent({ lr: 0.2, momentum: 0.9, parameterGroups: layers }, parameters),
  },
];

const momenta: readonly SchedulerSubject<MomentumScheduler>[] = [
  {
    name: 'InvertedTriangular',
    make: (optimizer) => new InvertedTriangular({ coolDown: 2, warmUp: 2 }, optimizer),
  },
  {
    name: 'InvertedTriangular per step',
    make: (optimizer) => new InvertedTriangular({ coolDown: 9, warmUp: 9, per: 'step' }, optimizer),
  },
];

for (const subject of subjects) learningRateSchedulerContract(runner, subject);
for (const subject of momenta) momentumSchedulerContract(runner, subject);

it.each([
  ['learning rate', LearningRateScheduler.kind, subjects],
  ['momentum', MomentumScheduler.kind, momenta],
])('the contract is asked of every %s scheduler', (_, kind, asked) => {
  const optimizer = new FakeOptimizer({ lr: 1, momentum: 0.9, parameterGroups: layers }, ['weight', 'bias']);
  const registered = new Registry([plugin]).all(kind).map(({ target }) => target);
  expect(new Set<unknown>(asked.map(({ make }) => make(optimizer).constructor))).toEqual(new Set<unknown>(registered));
});
