import { cloneBatch } from '../contracts/batch.js';
import type { Batch } from '../contracts/batch.js';
import type { EpochRequest } from '../contracts/data-loader.js';
import { RandomStreams } from '../random/streams.js';
import { BatchList } from '../training/batch-list.js';

/** Ready-made batches in another order every epoch: a function of the epoch alone. */
export class ShuffledList extends BatchList {
  constructor(private readonly batches: readonly Batch[]) {
    super(batches);
  }

  override async *epoch({ epoch, start = 0 }: EpochRequest): AsyncGenerator<Batch> {
    const order = new RandomStreams(5).stream('shuffle').at(epoch).permutation(this.batches.length);
    for (const i of order.slice(start)) yield cloneBatch(this.batches[i]!);
  }
}
