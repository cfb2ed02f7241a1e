import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import {
  Compatibility,
  component,
  ModelParameters,
  ParameterSet,
  Registry,
  RunContainer,
  withRegistry,
} from '@x/trainer-core';
import type { ExtensionPoint, Part } from '@x/trainer-core';

import optim from '../index.js';

export interface FixtureTensor {
  readonly shape: number[];
  readonly data: number[];
}

/** Values by parameter name. */
export type Values = Readonly<Record<string, number[]>>;

/** float32 rounding of one optimizer trajectory, relative to max(1, |x|). */
const TOLERANCE = 2e-6;

export const load = <T>(file: string): T => JSON.parse(readFileSync(join(__dirname, file), 'utf8')) as T;

export function variables(tensors: Readonly<Record<string, FixtureTensor>>): Record<string, tf.Variable> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => [name, tf.variable(tf.tensor(data, shape))]),
  );
}

/** Builds a component as a config does, snake_case keys included. */
export function build<T>(point: ExtensionPoint<T>, config: object, weights: Record<string, tf.Variable>): T {
  const registry = new Registry([optim]);
  const run = new RunContainer(registry);
  run.provide(ModelParameters, ParameterSet.of(weights));
  run.provide(Compatibility, null);
  const part: Part<T> = withRegistry(registry, () => component(point).parse(config));
  return run.build(part);
}

export function expectClose(expected: Values, received: Readonly<Record<string, tf.Tensor>>): void {
  for (const [name, values] of Object.entries(expected)) {
    const data = received[name]!.dataSync();
    values.forEach((value, i) =>
      expect(Math.abs(data[i]! - value)).toBeLessThanOrEqual(TOLERANCE * Math.max(1, Math.abs(value))),
    );
  }
}
