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

interface RowGradient {
  readonly indices: number[];
  readonly values: number[];
  readonly row_size: number;
}

interface GoldenSparse {
  readonly cases: readonly {
    readonly name: string;
    readonly type: string;
    readonly options: object;
    readonly initial: Readonly<Record<string, FixtureTensor>>;
    readonly steps: readonly Readonly<Record<string, number[] | RowGradient>>[];
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

describe('optimizers follow the original with row-sparse gradients', () => {
  it.each(load<GoldenSparse>('golden-sparse.json').cases)('$name', ({ type, options, initial, steps, trajectory }) => {
    const weights = variables(initial);
    const optimizer = build(Optimizer, { type, ...options }, weights);
    trajectory.forEach((expected, step) => {
      tf.tidy(() => {
        const gradients: Record<string, tf.Tensor> = {};
        const touchedRows: Record<string, tf.Tensor> = {};
        for (const [name, gradient] of Object.entries(steps[step]!)) {
          const { shape } = weights[name]!;
          if (Array.isArray(gradient)) gradients[name] = tf.tensor(gradient, shape);
          else [gradients[name], touchedRows[name]] = summed(gradient, shape);
        }
        optimizer.step(gradients, { touchedRows });
      });
      expectClose(expected, weights);
    });
  });
});

/** The dense gradient of rows of which some are named twice, and which rows those are. */
function summed({ indices, values, row_size: size }: RowGradient, shape: number[]): [tf.Tensor, tf.Tensor] {
  const gradient = new Float32Array(shape[0]! * size);
  const touched = new Float32Array(shape[0]!);
  indices.forEach((row, i) => {
    touched[row] = 1;
    for (let k = 0; k < size; k++) gradient[row * size + k]! += values[i * size + k]!;
  });
  return [tf.tensor(gradient, shape), tf.tensor(touched, [shape[0]!, 1])];
}

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
