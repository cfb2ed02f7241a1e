import {
  Compatibility,
  component,
  ComponentSpec,
  LearningRateScheduler,
  MomentumScheduler,
  NumberOfEpochs,
  Optimizer,
  Registry,
  RunContainer,
  StepsPerEpoch,
  tokenOf,
  ValidationMetric,
  withRegistry,
} from '@x/trainer-core';

import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import plugin, * as schedulers from './index.js';

/** A config of each, as the original writes its keys. */
const configs = {
  constant: {},
  step: { step_size: 2 },
  multi_step: { milestones: [2] },
  exponential: {},
  linear_with_warmup: { warmup_steps: 2 },
  polynomial_decay: { end_learning_rate: 0.1 },
  cosine: { t_initial: 2 },
  noam: { model_size: 4, warmup_steps: 2 },
  reduce_on_plateau: { min_lr: [0.1], threshold_mode: 'abs' },
  slanted_triangular: { cut_frac: 0.2 },
  constant_with_warmup: { num_warmup_steps: 2 },
  cosine_with_warmup: { num_warmup_steps: 2, num_training_steps: 9, num_cycles: 0.5 },
  cosine_hard_restarts_with_warmup: { num_warmup_steps: 2 },
  cosine_annealing: { T_max: 2, eta_min: 0.1 },
  one_cycle: { max_lr: 0.1, pct_start: 0.2 },
  warmup_stable_decay: { warmup_steps: 2, decay: 'linear' },
  combined: {
    schedulers: [
      [1, 'constant'],
      [2, { type: 'step', step_size: 1 }],
    ],
    start_from: 'current',
  },
  per_group: { schedulers: [[0, 'exponential']] },
  inverted_triangular: { cool_down: 1, warm_up: 1 },
};

const torchNames = {
  StepLR: 'step',
  MultiStepLR: 'multi_step',
  ExponentialLR: 'exponential',
  ReduceLROnPlateau: 'reduce_on_plateau',
  CosineAnnealingLR: 'cosine_annealing',
  OneCycleLR: 'one_cycle',
} as const;

const registrations = new Registry([plugin]);

function built(point: typeof LearningRateScheduler | typeof MomentumScheduler, type: string, config: object): unknown {
  const run = new RunContainer(registrations);
  run.provide(tokenOf(Optimizer), new FakeOptimizer({ lr: 1, momentum: 0.9 }));
  run.provide(NumberOfEpochs, 3);
  run.provide(StepsPerEpoch, 5);
  run.provide(ValidationMetric, '+accuracy');
  run.provide(Compatibility, null);
  const { success, data } = withRegistry(registrations, () => component<unknown>(point).safeParse({ type, ...config }));
  expect(success).toBe(true);
  expect(data).toBeInstanceOf(ComponentSpec);
  return run.build(data!);
}

test('provides the schedulers under their names, and under those of torch', () => {
  const names = [LearningRateScheduler, MomentumScheduler].flatMap(({ kind }) =>
    registrations.all(kind).map(({ name }) => name),
  );
  const inTorch = Object.keys(torchNames).flatMap((name) => [name, `torch.${name}`]);
  expect(names.sort()).toEqual([...Object.keys(configs), ...inTorch].sort());
});

test.each(Object.entries(configs))('a run builds %s with its parts', (name, config) => {
  const point = name === 'inverted_triangular' ? MomentumScheduler : LearningRateScheduler;
  expect(built(point, name, config)).toBeInstanceOf(point);
});

test.each(Object.entries(torchNames))('%s is %s', (torchName, name) => {
  const ours = built(LearningRateScheduler, name, configs[name]) as object;
  for (const each of [torchName, `torch.${torchName}`]) {
    expect(built(LearningRateScheduler, each, configs[name])).toBeInstanceOf(ours.constructor);
  }
});

test('every scheduler that is exported is provided', () => {
  const targets = [LearningRateScheduler, MomentumScheduler].flatMap(({ kind }) =>
    registrations.all(kind).map(({ target }) => target.name),
  );
  const exported = Object.keys(schedulers).filter((name) => name !== 'default');
  expect([...new Set(targets)].sort()).toEqual(exported.sort());
});
