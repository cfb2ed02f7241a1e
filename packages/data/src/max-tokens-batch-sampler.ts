import type { Instance } from '@x/trainer-core';
import { BatchSampler, inject, log, parseOptions, RandomStreams, RandomStreamsToken } from '@x/trainer-core';
import { z } from 'zod';

import type { Sorted } from './by-length.js';
import { LengthOrder, lengthOptions } from './length-order.js';

export const MaxTokensBatchSamplerOptions = z.strictObject({
  maxTokens: z.int().nonnegative().describe('What a batch may have at most: its longest example times its examples'),
  ...lengthOptions,
});

export type MaxTokensBatchSamplerOptions = z.input<typeof MaxTokensBatchSamplerOptions>;

/**
 * Batches of about the same amount of work (AllenNLP's `max_tokens_sampler`): examples sorted by length are taken into a
 * batch as long as it has no more than `maxTokens` with its padding. An example that is longer than that has a batch of
 * its own. The length of an example is that of its longest sorting key. A pure function of (seed, epoch).
 */
@BatchSampler.register('max_tokens', MaxTokensBatchSamplerOptions)
@BatchSampler.register('max_tokens_sampler', MaxTokensBatchSamplerOptions)
export class MaxTokensBatchSampler extends BatchSampler {
  private readonly maxTokens: number;
  private readonly order: LengthOrder;
  private hasWarned = false;

  /** @throws ConfigError for options that the schema refuses. */
  constructor(
    options: MaxTokensBatchSamplerOptions,
    @inject(RandomStreamsToken, { optional: true }) run?: RandomStreams,
  ) {
    super();
    const settings = parseOptions(MaxTokensBatchSamplerOptions, options, 'MaxTokensBatchSampler');
    this.maxTokens = settings.maxTokens;
    this.order = new LengthOrder(settings, run);
  }

  /** The fields that it sorts by. */
  sortingKeys(instances: readonly Instance[]): readonly string[] {
    return this.order.sortingKeys(instances);
  }

  /** @throws DataError (`X_DATA_INVALID`) naming instance and field, where a sorting key is missing or has no length. */
  override batches(instances: readonly Instance[], epoch: number): number[][] {
    const sorted = this.order.sorted(instances, epoch);
    this.warnOfLong(sorted);
    return this.order.shuffled(groups(sorted, this.maxTokens), epoch);
  }

  /** Null with noise, which gives every epoch another number of batches. */
  override length(instances: readonly Instance[]): number | null {
    return this.order.isFixed ? this.batches(instances, 0).length : null;
  }

  private warnOfLong(sorted: readonly Sorted[]): void {
    const long = sorted.filter(({ lengths }) => Math.max(...lengths) > this.maxTokens);
    if (long.length === 0 || this.hasWarned) return;
    this.hasWarned = true;
    const longest = Math.max(...long.at(-1)!.lengths);
    log.warn(
      `${long.length} instances are longer than maxTokens (${this.maxTokens}), one has ${longest}; each has a batch of its own`,
    );
  }
}

function groups(sorted: readonly Sorted[], maxTokens: number): number[][] {
  const batches: number[][] = [];
  let batch: number[] = [];
  let longest = 0;
  for (const { number, lengths } of sorted) {
    const length = Math.max(...lengths);
    if (batch.length > 0 && Math.max(longest, length) * (batch.length + 1) > maxTokens) {
      batches.push(batch);
      [batch, longest] = [[], 0];
    }
    batch.push(number);
    longest = Math.max(longest, length);
  }
  return batch.length > 0 ? [...batches, batch] : batches;
}
