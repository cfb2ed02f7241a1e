import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { Optimizer } from '@x/trainer-core';

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
});
