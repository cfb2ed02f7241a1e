import type { Instance } from '@x/trainer-core';
import { BatchSampler, inject, parseOptions, RandomStreams, RandomStreamsToken } from '@x/trainer-core';
import { z } from 'zod';

import { LengthOrder, lengthOptions } from './length-order.js';
import { countOfCut, cut } from './cut.js';

export const BucketBatchSamplerOptions = z.strictObject({
  batchSize: z.int().positive().describe('Examples in a batch; the last one may have fewer'),
  dropLast: z.boolean().default(false).describe('Whether a last batch with fewer examples is left out'),
  ...lengthOptions,
});

export type BucketBatchSamplerOptions = z.input<typeof BucketBatchSamplerOptions>;

/**
 * Batches of examples of about the same length, so that little is padding (AllenNLP's `bucket`): a stable sort by noisy
 * lengths, cut into batches, which come in a random order. A pure function of (seed, epoch).
 */
@BatchSampler.register('bucket', BucketBatchSamplerOptions)
export class BucketBatchSampler extends BatchSampler {
  private readonly options: z.output<typeof BucketBatchSamplerOptions>;
  private readonly order: LengthOrder;

  /** @throws ConfigError for options that the schema refuses. */
  constructor(options: BucketBatchSamplerOptions, @inject(RandomStreamsToken, { optional: true }) run?: RandomStreams) {
    super();
    this.options = parseOptions(BucketBatchSamplerOptions, options, 'BucketBatchSampler');
    this.order = new LengthOrder(this.options, run);
  }

  /** The fields that it sorts by. */
  sortingKeys(instances: readonly Instance[]): readonly string[] {
    return this.order.sortingKeys(instances);
  }

  /** @throws DataError (`X_DATA_INVALID`) naming instance and field, where a sorting key is missing or has no length. */
  override batches(instances: readonly Instance[], epoch: number): number[][] {
    const { batchSize, dropLast } = this.options;
    const sorted = this.order.sorted(instances, epoch).map(({ number }) => number);
    return this.order.shuffled(cut(sorted, batchSize, dropLast), epoch);
  }

  override length(instances: readonly Instance[]): number {
    return countOfCut(instances.length, this.options.batchSize, this.options.dropLast);
  }
}
