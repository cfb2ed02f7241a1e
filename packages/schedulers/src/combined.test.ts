import type { CompatibilityPreset, LearningRateScheduler, Lazy } from '@x/trainer-core';
import {
  Compatibility,
  LearningRateScheduler as SchedulerPoint,
  NumberOfEpochs,
  Optimizer,
  parseComponent,
  Registry,
  RunContainer,
  StepsPerEpoch,
  tokenOf,
} from '@x/trainer-core';

import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { ratesByEpoch } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import { Combined } from './combined.js';
import type { CombinedOptions } from './combined.js';
import { ExponentialDecay } from './exponential-decay.js';
import plugin from './index.js';
import { LinearWithWarmup } from './linear-with-warmup.js';
import { ReduceOnPlateau } from './reduce-on-plateau.js';
import { StepDecay } from './step-decay.js';

type Make = (optimizer: FakeOptimizer) => LearningRateScheduler;

const halving: Make = (optimizer) => new ExponentialDecay({ gamma: 0.5 }, optimizer);
const linear: Make = (optimizer) => new LinearWithWarmup({ warmupSteps: 2 }, optimizer, 2, 2);

function scheduled(
  schedules: readonly (readonly [number, Make])[],
  {
    compatibility = null,
    ...rules
  }: Omit<CombinedOptions, 'schedulers'> & { compatibility?: CompatibilityPreset } = {},
  optimizer = new FakeOptimizer({ lr: 1 }),
): { optimizer: FakeOptimizer; scheduler: Combined } {
  const schedulers = schedules.map(([numEpochs, make]): [number, Lazy<LearningRateScheduler>] => [
    numEpochs,
    { construct: () => make(optimizer) },
  ]);
  return { optimizer, scheduler: new Combined({ schedulers, ...rules }, optimizer, null, compatibility) };
}

/** The rate at every step, and after every epoch. */
function course(
  { optimizer, scheduler }: ReturnType<typeof scheduled>,
  epochs: number,
  stepsPerEpoch: number,
): { steps: number[]; ends: number[] } {
  const [steps, ends]: [number[], number[]] = [[], []];
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let step = 1; step <= stepsPerEpoch; step++) {
      scheduler.stepBatch(epoch * stepsPerEpoch + step);
      steps.push(Number(optimizer.rates[0]));
    }
    scheduler.step();
    ends.push(Number(optimizer.rates[0]));
  }
  return { steps, ends };
}

test('each schedule begins anew, from the configured rate, and after the last one the rate stays', () => {
  const { optimizer, scheduler } = scheduled([
    [2, halving],
    [3, halving],
  ]);
  expectClose(ratesByEpoch(optimizer, scheduler, 7), [1, 0.5, 1, 0.5, 0.25, 0.25, 0.25, 0.25]);
});

test('each schedule has steps of its own', () => {
  const combined = scheduled([
    [2, linear],
    [2, linear],
  ]);
  expectClose(course(combined, 4, 2).steps, [0.5, 1, 0.5, 0, 0.5, 1, 0.5, 0]);
});

test('a schedule can go on from the rate that the one before it trained with', () => {
  const combined = scheduled(
    [
      [2, halving],
      [2, halving],
    ],
    { startFrom: 'current' },
  );
  expectClose(ratesByEpoch(combined.optimizer, combined.scheduler, 4), [1, 0.5, 0.5, 0.25, 0.25]);
});

test('with the counting of AllenNLP 2 a schedule has done an epoch when it begins, and knows the steps before it', () => {
  const byEpoch = scheduled(
    [
      [2, halving],
      [2, halving],
    ],
    { counting: 'global' },
  );
  expectClose(ratesByEpoch(byEpoch.optimizer, byEpoch.scheduler, 4), [1, 0.5, 0.5, 0.25, 0.25]);
  const byStep = scheduled(
    [
      [2, linear],
      [2, linear],
    ],
    { counting: 'global' },
  );
  expectClose(course(byStep, 4, 2).steps, [0.5, 1, 0.5, 0, 0, 0, 0, 0]);
});

// the numbers of AllenNLP 2.10
test('the preset of AllenNLP 2 is both', () => {
  const optimizer = new FakeOptimizer({ lr: 0.3, parameterGroups: [[['a'], { lr: 0.9 }]] });
  const { scheduler } = scheduled(
    [
      [3, (each) => new StepDecay({ stepSize: 2, gamma: 0.5 }, each)],
      [3, (each) => new ExponentialDecay({ gamma: 0.9 }, each)],
    ],
    { compatibility: 'allennlp-2' },
    optimizer,
  );
  expectClose(
    ratesByEpoch(optimizer, scheduler, 8),
    [0.9, 0.9, 0.45, 0.405, 0.3645, 0.32805, 0.32805, 0.32805, 0.32805],
  );
});

test('a schedule gets the metric', () => {
  const plateau: Make = (optimizer) => new ReduceOnPlateau({ patience: 0, factor: 0.5 }, optimizer);
  const { optimizer, scheduler } = scheduled([
    [1, halving],
    [9, plateau],
  ]);
  expectClose(ratesByEpoch(optimizer, scheduler, [5, 5, 5, 4]), [1, 1, 1, 0.5, 0.5]);
});

test('a schedule that cannot work is an error before the training, and leaves the optimizer as it was', () => {
  const optimizer = new FakeOptimizer({ lr: 1 });
  const unknown: Make = (each) => new LinearWithWarmup({}, each, 2, null);
  expect(() => scheduled([[2, linear], [2, unknown]], {}, optimizer)).toThrow(/"linear_with_warmup"/); // prettier-ignore
  expect(optimizer.rates).toEqual([1]);
});

test('in a run each schedule is told its own number of epochs, and the steps of an epoch', () => {
  const registry = new Registry([plugin]);
  const optimizer = new FakeOptimizer({ lr: 1 });
  const run = new RunContainer(registry);
  run.provide(tokenOf(Optimizer), optimizer);
  run.provide(NumberOfEpochs, 10);
  run.provide(StepsPerEpoch, 7);
  run.provide(Compatibility, null);
  const schedulers = [[1, 'constant'], [2, { type: 'polynomial_decay' }]]; // prettier-ignore
  const config = { type: 'combined', num_steps_per_epoch: 2, schedulers };
  const scheduler = run.build(parseComponent(SchedulerPoint, config, registry)) as Combined;
  expectClose(course({ optimizer, scheduler }, 3, 2).steps, [1, 1, 0.75, 0.5, 0.25, 0]);
});

test.each(['initial', 'current'] as const)('resuming is exact, with the %s rates', (startFrom) => {
  const make = () => scheduled([[2, linear], [2, halving], [1, linear]], { startFrom }); // prettier-ignore
  expectExactResume(make, { epochs: 7, stepsPerEpoch: 2 });
});
