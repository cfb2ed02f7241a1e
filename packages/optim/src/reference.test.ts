import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { Optimizer, ParameterSet } from '@x/trainer-core';

import { ScheduleFreeAverage } from './index.js';
import { build, expectClose, load, variables } from './__fixtures__/fixture.js';
import type { FixtureTensor, Values } from './__fixtures__/fixture.js';

type Steps = Readonly<Record<string, { readonly weights: Values; readonly averages?: Values }>>;

interface Reference {
  readonly initial: Readonly<Record<string, FixtureTensor>>;
  readonly gradients: readonly Values[];
  readonly cases: readonly {
    readonly type: string;
    readonly options: object;
    readonly parameters: readonly string[];
    readonly steps: Steps;
  }[];
  /** Schedule-free AdamW whose lr is 0.1 / k in step k. */
  readonly fallingRate: Steps;
}

/** Made by tools/reference/optimizers.py. */
const reference = load<Reference>('reference.json');

function stepWith(optimizer: Optimizer, gradients: Values, weights: Readonly<Record<string, tf.Variable>>): void {
  tf.tidy(() =>
    optimizer.step(
      Object.fromEntries(
        Object.entries(weights).map(([name, { shape }]) => [name, tf.tensor(gradients[name]!, shape)]),
      ),
    ),
  );
}

describe('optimizers follow a published implementation', () => {
  it.each(reference.cases)('$type with $options', ({ type, options, parameters, steps }) => {
    const weights = variables(Object.fromEntries(parameters.map((name) => [name, reference.initial[name]!])));
    const optimizer = build(Optimizer, { type, ...options }, weights);
    reference.gradients.forEach((gradients, i) => {
      stepWith(optimizer, gradients, weights);
      const expected = steps[i + 1];
      if (expected !== undefined) expectClose(expected.weights, weights);
    });
  });

  const scheduleFree = reference.cases.filter(({ type }) => type === 'schedule_free_adamw');
  const runs = [...scheduleFree, { options: { lr: 0.1 }, steps: reference.fallingRate, rate: (k: number) => 0.1 / k }];
  it.each(runs)('the average of schedule_free_adamw with $options', ({ options, steps, ...rest }) => {
    const weights = variables(reference.initial);
    const optimizer = build(Optimizer, { type: 'schedule_free_adamw', ...options }, weights);
    const average = new ScheduleFreeAverage(ParameterSet.of(weights), optimizer);
    reference.gradients.forEach((gradients, i) => {
      if ('rate' in rest) optimizer.groups[0]!.options['lr'] = rest.rate(i + 1);
      stepWith(optimizer, gradients, weights);
      average.apply(i + 1);
      const expected = steps[i + 1];
      if (expected === undefined) return;
      expectClose(expected.weights, weights);
      expectClose(expected.averages!, Object.fromEntries(average.shadows));
    });
  });
});
