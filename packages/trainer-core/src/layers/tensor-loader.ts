import * as tf from '@tensorflow/tfjs-core';

import { tensorsIn } from '../contracts/batch.js';
import type { Batch, BatchValue } from '../contracts/batch.js';
import { DataLoader } from '../contracts/data-loader.js';
import type { Json } from '../contracts/dataset.js';
import type { EpochRequest, Resumability } from '../contracts/data-loader.js';
import { DataError } from '../errors.js';
import type { RandomStream } from '../random/streams.js';

export interface TensorLoaderOptions {
  readonly batchSize: number;
  /** The stream of the order of examples; null keeps theirs. */
  readonly shuffle: RandomStream | null;
  /** Added to the number of an epoch, for its order. */
  readonly firstEpoch: number;
}

/** Batches of a whole data set in tensors, whose first dimension are the examples. The tensors stay the caller's. */
export class TensorLoader extends DataLoader {
  override readonly resumability: Resumability = 'seekable';
  readonly size: number;

  /** @throws DataError (`X_DATA_INVALID`) for tensors of different lengths. */
  constructor(
    private readonly data: Batch,
    private readonly options: TensorLoaderOptions,
  ) {
    super();
    const sizes = new Set(tensorsIn(data).map(({ shape }) => shape[0] ?? 0));
    if (sizes.size > 1) {
      throw new DataError(
        'X_DATA_INVALID',
        `inputs and labels should hold equally many examples, received [${[...sizes].join(', ')}]`,
      );
    }
    this.size = [...sizes][0] ?? 0;
  }

  override length(worldSize = 1): number {
    return Math.floor(Math.ceil(this.size / this.options.batchSize) / worldSize);
  }

  override describe(): Readonly<Record<string, Json>> {
    const { batchSize, shuffle, firstEpoch } = this.options;
    return { examples: this.size, batchSize, firstEpoch, order: shuffle?.key ?? null };
  }

  override async *epoch({ epoch, start = 0, rank = 0, worldSize = 1 }: EpochRequest): AsyncGenerator<Batch> {
    const { batchSize, shuffle, firstEpoch } = this.options;
    const order =
      shuffle?.at(firstEpoch + epoch).permutation(this.size) ?? Uint32Array.from({ length: this.size }, (_, i) => i);
    for (let i = start; i < this.length(worldSize); i++) {
      const from = (i * worldSize + rank) * batchSize;
      yield gather(this.data, Int32Array.from(order.subarray(from, from + batchSize)));
    }
  }
}

/** The examples of those numbers. */
function gather(data: Batch, numbers: Int32Array): Batch {
  const take = (value: BatchValue): BatchValue => {
    if (value instanceof tf.Tensor) return tf.tidy(() => tf.gather(value, tf.tensor1d(numbers, 'int32')));
    if (Array.isArray(value)) return value.map(take);
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, take(item)]));
    }
    return value;
  };
  return take(data) as Batch;
}

/** The data before and from example `at` on. The caller owns the tensors of both. */
export function splitAt(data: Batch, size: number, at: number): [Batch, Batch] {
  const numbers = Int32Array.from({ length: size }, (_, i) => i);
  return [gather(data, numbers.subarray(0, at)), gather(data, numbers.subarray(at))];
}
