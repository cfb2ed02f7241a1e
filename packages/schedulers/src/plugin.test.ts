import {
  ComponentSpec,
  descriptorsOf,
  NumberOfEpochs,
  Optimizer,
  parseOptions,
  Registry,
  RunContainer,
  StepsPerEpoch,
  tokenOf,
  ValidationMetric,
} from '@x/trainer-core';

import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import plugin from './index.js';

const options: Readonly<Record<string, object>> = {
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
  inverted_triangular: { cool_down: 1, warm_up: 1 },
};

const registrations = new Registry([plugin]);
const kinds = ['learningRateScheduler', 'momentumScheduler'];

test('provides the schedulers under their names', () => {
  const names = kinds.flatMap((kind) => registrations.all(kind).map(({ name }) => name));
  expect(names).toEqual(Object.keys(options));
});

test.each(kinds.flatMap((kind) => registrations.all(kind)))('a run builds $name with its parts', (registration) => {
  const run = new RunContainer(registrations);
  run.provide(tokenOf(Optimizer), new FakeOptimizer({ lr: 1, momentum: 0.9 }));
  run.provide(NumberOfEpochs, 3);
  run.provide(StepsPerEpoch, 5);
  run.provide(ValidationMetric, '+accuracy');
  const { schema, name, target } = registration;
  const parsed = parseOptions(schema, options[name], name);
  const built = run.build(new ComponentSpec(registration, parsed as object));
  expect(built).toBeInstanceOf(target);
  expect(descriptorsOf(target)).toHaveLength(1);
});
