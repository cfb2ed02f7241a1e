import { cloneBatch } from '../contracts/batch.js';
import type { Batch } from '../contracts/batch.js';
import { DataLoader } from '../contracts/data-loader.js';
import type { EpochRequest, Resumability } from '../contracts/data-loader.js';

/**
 * Ready-made batches, the same every epoch, in their order. The batches stay the caller's: each epoch hands out clones,
 * which share their memory.
 */
export class BatchList extends DataLoader {
  override readonly resumability: Resumability = 'seekable';

  constructor(private readonly list: readonly Batch[]) {
    super();
  }

  override length(worldSize = 1): number {
    return Math.floor(this.list.length / worldSize);
  }

  override async *epoch({ start = 0, rank = 0, worldSize = 1 }: EpochRequest): AsyncGenerator<Batch> {
    const own = this.list.filter((_, i) => i % worldSize === rank).slice(start, this.length(worldSize));
    for (const batch of own) yield cloneBatch(batch);
  }
}

/** A loader as it is, or one of these batches. */
export function asLoader(batches: DataLoader | readonly Batch[]): DataLoader {
  return batches instanceof DataLoader ? batches : new BatchList(batches);
}
