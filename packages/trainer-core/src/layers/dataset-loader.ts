import * as tf from '@tensorflow/tfjs-core';

import { disposeBatch } from '../contracts/batch.js';
import type { Batch, BatchValue } from '../contracts/batch.js';
import { DataLoader } from '../contracts/data-loader.js';
import type { EpochRequest, Resumability } from '../contracts/data-loader.js';
import { DataError } from '../errors.js';

/** The part of a `tf.data.Dataset` that is used: its elements are batches `{ xs, ys }`, or pairs `[xs, ys]`. */
export interface DatasetLike {
  iterator(): Promise<{ next(): Promise<IteratorResult<unknown>> }>;
}

/** Whether a value is a `tf.data.Dataset`, or works like one. */
export function isDataset(value: unknown): value is DatasetLike {
  return typeof value === 'object' && value !== null && typeof (value as Partial<DatasetLike>).iterator === 'function';
}

/**
 * The batches of a `tf.data.Dataset`. An epoch is a pass over it; with `batchesPerEpoch` it is that many batches, and the
 * next epoch goes on where it ended, starting over at the end of the data set, as in tfjs's `fitDataset`.
 */
export class DatasetLoader extends DataLoader {
  override readonly resumability: Resumability;
  private running: { next(): Promise<IteratorResult<unknown>> } | null = null;

  constructor(
    private readonly dataset: DatasetLike,
    private readonly batchesPerEpoch: number | null,
  ) {
    super();
    this.resumability = batchesPerEpoch === null ? 'replayable' : 'once';
  }

  override length(worldSize = 1): number | null {
    return this.batchesPerEpoch === null ? null : Math.floor(this.batchesPerEpoch / worldSize);
  }

  override async *epoch({ start = 0, rank = 0, worldSize = 1 }: EpochRequest): AsyncGenerator<Batch> {
    if (this.batchesPerEpoch === null) this.running = null;
    for (let i = 0; i < (this.batchesPerEpoch ?? Infinity); i++) {
      const batch = await this.next();
      if (batch === null) return;
      if (i % worldSize === rank && Math.floor(i / worldSize) >= start) yield batch;
      else disposeBatch(batch);
    }
  }

  private async next(): Promise<Batch | null> {
    this.running ??= await this.dataset.iterator();
    let item = await this.running.next();
    if (item.done === true && this.batchesPerEpoch !== null) {
      this.running = await this.dataset.iterator();
      item = await this.running.next();
    }
    return item.done === true ? null : asBatch(item.value);
  }
}

function asBatch(element: unknown): Batch {
  const { xs, ys } = (
    Array.isArray(element) ? { xs: element[0] as unknown, ys: element[1] as unknown } : (element ?? {})
  ) as {
    xs?: BatchValue;
    ys?: BatchValue;
  };
  if (xs === undefined || ys === undefined) {
    tf.dispose(element as tf.TensorContainer);
    throw new DataError(
      'X_DATA_INVALID',
      'the elements of a dataset should be { xs, ys } or [xs, ys], as tfjs has them',
    );
  }
  return { x: xs, y: ys };
}
