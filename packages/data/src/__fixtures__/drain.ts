import * as tf from '@tensorflow/tfjs-core';
import type { Batch, BatchValue, DataLoader, EpochRequest } from '@x/trainer-core';
import { disposeBatch } from '@x/trainer-core';

/** A batch with nested lists in place of its tensors, which are disposed. */
export function listed(batch: Batch): Record<string, unknown> {
  const lists = Object.entries(batch).map(([name, value]) => [name, valueOf(value)]);
  disposeBatch(batch);
  return Object.fromEntries(lists) as Record<string, unknown>;
}

/** The batches of an epoch as lists. */
export async function drain(
  loader: DataLoader,
  request: Partial<EpochRequest> = {},
): Promise<Record<string, unknown>[]> {
  const batches: Record<string, unknown>[] = [];
  for await (const batch of loader.epoch({ epoch: 0, ...request })) batches.push(listed(batch));
  return batches;
}

/** The values of one field in the batches of an epoch. */
export async function drainField(
  loader: DataLoader,
  field: string,
  request: Partial<EpochRequest> = {},
): Promise<unknown[]> {
  return (await drain(loader, request)).map((batch) => batch[field]);
}

function valueOf(value: BatchValue | undefined): unknown {
  return value instanceof tf.Tensor ? value.arraySync() : value;
}
