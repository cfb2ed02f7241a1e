import '@tensorflow/tfjs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import {
  Compatibility,
  component,
  ModelParameters,
  MovingAverage,
  Optimizer,
  ParameterSet,
  Registry,
  RunContainer,
  withRegistry,
} from '@x/trainer-core';
import type { ExtensionPoint, Part } from '@x/trainer-core';

import optim from './index.js';

interface FixtureTensor {
  readonly shape: number[];
  readonly data: number[];
}
type Values = Readonly<Record<string, number[]>>;

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

/** float32 rounding of one optimizer trajectory, relative to max(1, |x|). */
const TOLERANCE = 2e-6;

const load = <T>(file: string): T => JSON.parse(readFileSync(join(__dirname, '__fixtures__', file), 'utf8')) as T;

function variables(tensors: Readonly<Record<string, FixtureTensor>>): Record<string, tf.Variable> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => [name, tf.variable(tf.tensor(data, shape))]),
  );
}

/** Builds a component as a config does, snake_case keys included. */
function build<T>(point: ExtensionPoint<T>, config: object, weights: Record<string, tf.Variable>): T {
  const registry = new Registry([optim]);
  const run = new RunContainer(registry);
  run.provide(ModelParameters, ParameterSet.of(weights));
  run.provide(Compatibility, null);
  const part: Part<T> = withRegistry(registry, () => component(point).parse(config));
  return run.build(part);
}

function expectClose(expected: Values, received: Readonly<Record<string, tf.Tensor>>): void {
  for (const [name, values] of Object.entries(expected)) {
    const data = received[name]!.dataSync();
    values.forEach((value, i) =>
      expect(Math.abs(data[i]! - value)).toBeLessThanOrEqual(TOLERANCE * Math.max(1, Math.abs(value))),
    );
  }
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
