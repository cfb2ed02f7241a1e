import * as tf from '@tensorflow/tfjs-core';
import type { BatchValue, StateValue } from '@x/trainer-core';

/** A tensor's content on the host: nothing to dispose, and two of them are compared bit by bit. */
export class HostTensor {
  constructor(
    readonly dtype: tf.DataType,
    readonly shape: readonly number[],
    readonly data: tf.TypedArray | string[],
  ) {}
}

/** A state or a batch without tensors. */
export type HostValue =
  null | boolean | number | string | HostTensor | readonly HostValue[] | { readonly [key: string]: HostValue };

/** A copy whose tensors are on the host. What was given stays the caller's. */
export async function toHost(value: StateValue | BatchValue): Promise<HostValue> {
  if (value instanceof tf.Tensor) {
    const data = (await value.data()) as tf.TypedArray | string[];
    return new HostTensor(value.dtype, [...value.shape], data.slice());
  }
  if (Array.isArray(value)) return Promise.all(value.map((item: StateValue) => toHost(item)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as Readonly<Record<string, StateValue>>);
  return Object.fromEntries(await Promise.all(entries.map(async ([key, item]) => [key, await toHost(item)] as const)));
}

/** The way back: a copy with tensors, which the caller owns. */
export function fromHost(value: HostValue): StateValue {
  if (value instanceof HostTensor) {
    const { data, shape, dtype } = value;
    return tf.tensor(data.slice(), [...shape], dtype);
  }
  if (Array.isArray(value)) return value.map((item: HostValue) => fromHost(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromHost(item)]));
}
