import * as tf from '@tensorflow/tfjs-core';
import type { TensorMap } from '@x/trainer-core';
import { ParameterSet } from '@x/trainer-core';

import { toHost } from './host-values.js';
import type { HostValue } from './host-values.js';

const SHAPES: Readonly<Record<string, number[]>> = { weight: [2, 3], bias: [3], unused: [2] };

/** Curvatures between 1 and 3, and a minimum about 1 away from the start at 0. */
const curvatures = (size: number): Float32Array => Float32Array.from({ length: size }, (_, i) => 1 + (i % 3));
const minimum = (size: number): Float32Array => Float32Array.from({ length: size }, (_, i) => (i % 2 === 0 ? 1 : -0.8));

/** The sum of c (x - m)^2 / 2 over the elements of `weight` [2, 3] and `bias` [3]; nothing depends on `unused` [2]. */
export class ConvexProblem {
  readonly parameters: ParameterSet = ParameterSet.of(
    Object.fromEntries(
      Object.entries(SHAPES).map(([name, shape]) => [name, tf.tidy(() => tf.variable(tf.zeros(shape)))]),
    ),
  );

  /** c (x - m) for the parameters of the given names. The caller disposes it. */
  gradients(names: readonly string[] = ['weight', 'bias']): TensorMap {
    return Object.fromEntries(names.map((name) => [name, this.gradient(name)]));
  }

  async loss(): Promise<number> {
    const { weight, bias } = (await this.values()) as Record<string, { data: Float32Array }>;
    return [weight!, bias!].reduce((sum, { data }) => sum + halfSquares(data), 0);
  }

  /** The values of all parameters. */
  values(): Promise<HostValue> {
    return toHost(Object.fromEntries([...this.parameters].map(({ name, variable }) => [name, variable])));
  }

  /** Takes over the values of another problem's parameters. */
  copy(other: ConvexProblem): void {
    for (const { name, variable } of this.parameters) variable.assign(other.parameters.get(name)!.variable);
  }

  dispose(): void {
    tf.dispose([...this.parameters].map(({ variable }) => variable));
  }

  private gradient(name: string): tf.Tensor {
    const { variable } = this.parameters.get(name)!;
    const { shape, size } = variable;
    return tf.tidy(() => tf.mul(tf.tensor(curvatures(size), shape), tf.sub(variable, tf.tensor(minimum(size), shape))));
  }
}

function halfSquares(data: Float32Array): number {
  const [curvature, target] = [curvatures(data.length), minimum(data.length)];
  return data.reduce((sum, value, i) => sum + (curvature[i]! * (value - target[i]!) ** 2) / 2, 0);
}
