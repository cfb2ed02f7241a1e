import * as tf from '@tensorflow/tfjs-core';

/**
 * One entry of a batch. Tensors are data; strings, numbers, booleans and small records are *static*: they may choose
 * what the model computes, and a compiled engine keeps one program for each of their values.
 */
export type BatchValue =
  tf.Tensor | string | number | boolean | null | readonly BatchValue[] | { readonly [key: string]: BatchValue };

/** What a data loader yields and a model's `forward` takes. The trainer disposes its tensors after the last hook. */
export type Batch = { readonly [key: string]: BatchValue };

/** What a model's `forward` returns: tensors by name, among them a scalar `loss`. */
export type Outputs = Record<string, tf.Tensor>;

/** Tensors by name. */
export type TensorMap = Record<string, tf.Tensor>;

/** Every tensor of a batch, at any depth, in the order of its keys. */
export function tensorsIn(value: BatchValue): tf.Tensor[] {
  if (value instanceof tf.Tensor) return [value];
  if (Array.isArray(value)) return value.flatMap((item: BatchValue) => tensorsIn(item));
  if (value !== null && typeof value === 'object') return Object.values(value).flatMap(tensorsIn);
  return [];
}

/** Disposes every tensor of a batch. */
export function disposeBatch(batch: Batch): void {
  tf.dispose(tensorsIn(batch));
}

/** A batch whose tensors are clones of the given one's: they share its memory and are owned by the caller. */
export function cloneBatch<T extends BatchValue>(value: T): T {
  const clone = (item: BatchValue): BatchValue => {
    if (item instanceof tf.Tensor) return tf.clone(item);
    if (Array.isArray(item)) return item.map(clone);
    if (item !== null && typeof item === 'object') {
      return Object.fromEntries(Object.entries(item).map(([key, entry]) => [key, clone(entry)]));
    }
    return item;
  };
  return clone(value) as T;
}

/** The number of examples in a batch: the first dimension of its first tensor, 0 without one. */
export function batchSize(batch: Batch): number {
  return tensorsIn(batch)[0]?.shape[0] ?? 0;
}
