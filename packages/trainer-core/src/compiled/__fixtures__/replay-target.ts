import * as tf from '@tensorflow/tfjs-core';

import { NotCompilableError } from '../target.js';
import type { CompiledType, HostArray, KernelInputs, SymbolicValue, TraceTarget } from '../target.js';
import { onBackend } from '../tfjs-internals.js';

/** What a replay is given: inputs by name, and the random numbers of each site. */
export interface ReplayFeeds {
  readonly inputs: ReadonlyMap<string, tf.Tensor>;
  readonly draws: readonly tf.Tensor[];
}

/** A value as the function that computes it from others. */
export interface ReplayValue extends SymbolicValue {
  readonly dtype: CompiledType;
  readonly data?: HostArray;
  readonly compute: (valueOf: (value: ReplayValue) => tf.Tensor, feeds: ReplayFeeds) => tf.Tensor;
}

/** A draw from the generator, in the order of the step. */
export interface ReplaySite {
  readonly kind: 'uniform' | 'normal';
  readonly shape: readonly number[];
}

/** The smallest target: it remembers kernel calls, and learns the shape of their results by calling them with zeros. */
export class ReplayTarget implements TraceTarget<ReplayValue> {
  readonly sites: ReplaySite[] = [];
  private readonly inputs = new Map<string, ReplayValue>();

  constructor(private readonly refused: ReadonlySet<string>) {}

  input(name: string, shape: readonly number[], dtype: CompiledType): ReplayValue {
    const known = this.inputs.get(name);
    if (known !== undefined) return known;
    const value: ReplayValue = { shape, dtype, compute: (_, { inputs }) => inputs.get(name)! };
    this.inputs.set(name, value);
    return value;
  }

  constant(data: HostArray, shape: readonly number[], dtype: CompiledType): ReplayValue {
    const own = data.slice();
    return { shape, dtype, data: own, compute: () => tf.tensor(own, [...shape], dtype) };
  }

  kernel(
    name: string,
    inputs: KernelInputs<ReplayValue>,
    attributes: tf.NamedAttrMap,
  ): ReplayValue | readonly ReplayValue[] {
    if (this.refused.has(name)) throw new NotCompilableError('it is not replayed');
    const call = (tensorOf: (value: ReplayValue) => tf.Tensor): tf.Tensor | tf.Tensor[] => {
      const tensors = Object.entries(inputs).map(([key, value]) => [key, tensorOf(value)] as const);
      const isList = '0' in inputs;
      const given = isList ? tensors.map(([, tensor]) => tensor) : Object.fromEntries(tensors);
      return tf.engine().runKernel(name, given as unknown as tf.NamedTensorMap, attributes);
    };
    const results = onBackend('cpu', tf.findBackend('cpu'), () =>
      call(({ shape, dtype }) => tf.zeros([...shape], dtype)),
    );
    for (const { dtype } of [results].flat()) {
      if (dtype === 'string' || dtype === 'complex64') throw new NotCompilableError(`it gives ${dtype}`);
    }
    const valueAt = (i: number, { shape, dtype }: tf.Tensor): ReplayValue => ({
      shape,
      dtype: dtype as CompiledType,
      compute: (valueOf) => [call(valueOf)].flat()[i]!,
    });
    return Array.isArray(results) ? results.map((result, i) => valueAt(i, result)) : valueAt(0, results);
  }

  reshape(value: ReplayValue, shape: readonly number[]): ReplayValue {
    if (tf.util.arraysEqual([...value.shape], [...shape])) return value;
    return { ...value, shape, compute: (valueOf) => tf.reshape(valueOf(value), [...shape]) };
  }

  constantData({ data }: ReplayValue): HostArray | undefined {
    return data;
  }

  uniform(shape: readonly number[]): ReplayValue {
    return this.draw('uniform', shape);
  }

  normal(shape: readonly number[]): ReplayValue {
    return this.draw('normal', shape);
  }

  private draw(kind: 'uniform' | 'normal', shape: readonly number[]): ReplayValue {
    const site = this.sites.push({ kind, shape }) - 1;
    return { shape, dtype: 'float32', compute: (_, { draws }) => draws[site]! };
  }
}
