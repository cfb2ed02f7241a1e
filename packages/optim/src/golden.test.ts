import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { MovingAverage, Optimizer } from '@x/trainer-core';

import { build, expectClose, load, variables } from './__fixtures__/fixture.js';
import type { FixtureTensor, Values } from './__fixtures__/fixture.js';

interface Golden {
  readonly initial: Readonly<Record<string, FixtureTensor>>;
  readonly gradients: Readonly<Record<string, readonly Readonly<Record<string, number[] | null>>[]>>;
  readonly cases: readonly {
    readonly name: string;
    readonly type: string;
    readonly options: object;
    readonly parameter_groups: unknown;
    readonly grads: string;
    readonly trajectory: readonly Values[];
  }[];
}

interface GoldenAverages {
  readonly cases: readonly {
    readonly name: string;
    readonly config: object;
    readonly initial: Readonly<Record<string, FixtureTensor>>;
    readonly steps: readonly {
      readonly num_updates: number | null;
      readonly parameters: Values;
      readonly shadow: Values;
    }[];
  }[];
}

describe('optimizers follow the original', () => {
  const golden = load<Golden>('golden.json');

  it.each(golden.cases)('$name', ({ type, options, parameter_groups: groups, grads, trajectory }) => {
    const weights = variables(golden.initial);
    const optimizer = build(Optimizer, { type, ...options, parameter_groups: groups }, weights);
    trajectory.forEach((expected, step) => {
      tf.tidy(() => {
        const present = Object.entries(golden.gradients[grads]![step]!).filter(
          (entry): entry is [string, number[]] => entry[1] !== null,
        );
        optimizer.step(
          Object.fromEntries(present.map(([name, data]) => [name, tf.tensor(data, weights[name]!.shape)])),
        );
      });
      expectClose(expected, weights);
    });
  });
});

describe('the exponential moving average follows the original', () => {
  it.each(load<GoldenAverages>('golden-averages.json').cases)('$name', ({ config, initial, steps }) => {
    const weights = variables(initial);
    const average = build(MovingAverage, config, weights);
    for (const { num_updates: numUpdates, parameters, shadow } of steps) {
      for (const [name, data] of Object.entries(parameters))
        weights[name]!.assign(tf.tensor(data, weights[name]!.shape));
      average.apply(numUpdates);
      expectClose(shadow, Object.fromEntries(average.shadows));
    }
  });
});
