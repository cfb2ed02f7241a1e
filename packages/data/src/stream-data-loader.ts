import * as tf from '@tensorflow/tfjs-core';
import type { Batch, EpochRequest, Instance, Json, Resumability, Vocabulary } from '@x/trainer-core';
import { DataError, DataLoader, disposeBatch, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { workerLength } from './epoch-plan.js';
import { describe } from './nested-numbers.js';
import { prefetch } from './prefetch.js';
import { FieldOptionsByName } from './field-options.js';
import { FieldSettings } from './field-settings.js';
import { RecordCollator } from './record-collator.js';

export const StreamOptionsSchema = z.strictObject({
  length: z.int().positive().optional().describe('Batches in an epoch over all workers; the epoch ends after them'),
  batchSize: z
    .int()
    .positive()
    .optional()
    .describe('Set where the stream gives single instances: this many are made a batch; unset: it gives batches'),
  dropLast: z.boolean().default(false).describe('Whether a last batch with fewer instances is left out'),
  fields: FieldOptionsByName,
  prefetch: z.int().nonnegative().default(0).describe('Batches made ahead of their use'),
});

/** How a stream is read. */
export type StreamOptions = z.input<typeof StreamOptionsSchema> & {
  /** Where the fields' namespaces are. */
  readonly vocabulary?: Vocabulary | undefined;
};

/** What gives the items of an epoch: batches, or instances where a batch size is set. */
export interface StreamSource {
  readonly resumability: Exclude<Resumability, 'seekable'>;
  /** The items of an epoch, from its start or, for a source that exists `once`, from where it is. */
  open(epoch: number): AsyncIterable<unknown>;
}

/**
 * Batches of a stream. Worker r of n gets batches r, r + n, r + 2n, ... of every epoch, all workers equally many; the
 * others are disposed, so every worker reads the whole stream.
 */
export class StreamDataLoader extends DataLoader {
  override readonly resumability: Resumability;
  private readonly options: z.output<typeof StreamOptionsSchema>;
  private readonly collator: RecordCollator;

  /** @throws ConfigError for options that the schema refuses. */
  constructor(
    private readonly source: StreamSource,
    { vocabulary, ...options }: StreamOptions = {},
  ) {
    super();
    this.resumability = source.resumability;
    this.options = parseOptions(StreamOptionsSchema, options, 'the data loader');
    this.collator = new RecordCollator(new FieldSettings(this.options.fields, vocabulary));
  }

  override length(worldSize = 1): number | null {
    return this.options.length === undefined ? null : workerLength(this.options.length, worldSize);
  }

  override describe(): Readonly<Record<string, Json>> {
    const { batchSize = null, dropLast } = this.options;
    return { batchSize, dropLast };
  }

  override epoch(request: EpochRequest): AsyncIterable<Batch> {
    const batches = share(this.batches(request), this.remaining(request));
    return this.options.prefetch === 0 ? batches : prefetch(batches, this.options.prefetch);
  }

  private batches(request: EpochRequest): AsyncIterable<Batch> {
    const { batchSize, dropLast, length } = this.options;
    const items = this.source.open(request.epoch);
    const batches = batchSize === undefined ? checked(items) : collated(items, batchSize, dropLast, this.collator);
    return length === undefined ? batches : limited(batches, length - this.alreadyTaken(request));
  }

  /** A stream that exists once has gone past the batches before `start`: they are not skipped a second time. */
  private remaining(request: EpochRequest): EpochRequest {
    return this.resumability === 'once' ? { ...request, start: 0 } : request;
  }

  private alreadyTaken({ start = 0, worldSize = 1 }: EpochRequest): number {
    return this.resumability === 'once' ? start * worldSize : 0;
  }
}

/** A worker's share of batches, from its `start`-th on. A batch is handed out once every worker is known to have one. */
async function* share(batches: AsyncIterable<Batch>, request: EpochRequest): AsyncGenerator<Batch> {
  const { start = 0, rank = 0, worldSize = 1 } = request;
  let own: Batch | undefined;
  let number = 0;
  try {
    for await (const batch of batches) {
      const wanted = number % worldSize === rank && Math.floor(number / worldSize) >= start;
      if (wanted) own = batch;
      else disposeBatch(batch);
      number += 1;
      if (number % worldSize === 0 && own !== undefined) {
        const complete = own;
        own = undefined;
        yield complete;
      }
    }
  } finally {
    if (own !== undefined) disposeBatch(own);
  }
}

/** The first `length` batches, and an error if there are fewer. Nothing beyond them is asked for. */
async function* limited(batches: AsyncIterable<Batch>, length: number): AsyncGenerator<Batch> {
  if (length <= 0) return;
  let count = 0;
  for await (const batch of batches) {
    count += 1;
    yield batch;
    if (count === length) return;
  }
  throw new DataError(
    'X_DATA_INVALID',
    `the stream ended after ${count} batches of an epoch, where its length promises ${length}; set length to what it gives, or leave it out`,
  );
}

async function* checked(items: AsyncIterable<unknown>): AsyncGenerator<Batch> {
  for await (const item of items) {
    if (typeof item !== 'object' || item === null || Array.isArray(item) || item instanceof tf.Tensor) {
      tf.dispose(item as tf.TensorContainer);
      throw new DataError(
        'X_DATA_INVALID',
        `the stream gave ${describe(item)}; expected a batch: an object with named tensors, as { x: tensor, y: tensor }`,
      );
    }
    yield item as Batch;
  }
}

async function* collated(
  items: AsyncIterable<unknown>,
  batchSize: number,
  dropLast: boolean,
  collator: RecordCollator,
): AsyncGenerator<Batch> {
  let instances: Instance[] = [];
  let count = 0;
  for await (const item of items) {
    instances.push(item as Instance);
    count += 1;
    if (instances.length === batchSize) {
      yield collator.collate(instances, count - instances.length);
      instances = [];
    }
  }
  if (instances.length > 0 && !dropLast) yield collator.collate(instances, count - instances.length);
}
