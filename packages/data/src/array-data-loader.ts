import { createHash } from 'node:crypto';

import type { Batch, EpochRequest, Instance, Json, Resumability } from '@x/trainer-core';
import {
  BatchSampler,
  component,
  DataLoader,
  Dataset,
  DatasetReader,
  inject,
  parseOptions,
  RandomStreams,
  RandomStreamsToken,
  Sampler,
  Vocabulary,
} from '@x/trainer-core';
import type { Built } from '@x/trainer-core';
import { z } from 'zod';

import type { ColumnsData } from './columns.js';
import { cut } from './cut.js';
import { placesOf, workerLength } from './epoch-plan.js';
import type { Examples } from './examples.js';
import { examplesOf } from './examples.js';
import { FieldOptionsByName } from './field-options.js';
import { FieldSettings } from './field-settings.js';
import { ignoredOptions, logIgnored } from './ignored-options.js';
import { prefetch } from './prefetch.js';
import { RandomSampler } from './random-sampler.js';
import { SequentialSampler } from './sequential-sampler.js';

export const ArrayDataLoaderSchema = z
  .strictObject({
    batchSize: z.int().positive().default(1).describe('Examples in a batch; the last one may have fewer'),
    shuffle: z.boolean().default(false).describe('Whether every epoch has a new random order'),
    dropLast: z.boolean().default(false).describe('Whether a last batch with fewer examples is left out'),
    seed: z.int().optional().describe("The seed of shuffle; default: the run's, else 13370"),
    batchesPerEpoch: z
      .int()
      .positive()
      .nullish()
      .describe(
        'Batches in an epoch over all workers, each epoch going on where the last one stopped; default: one pass over the data',
      ),
    sampler: component(Sampler).nullish().describe('The order of examples, instead of shuffle'),
    batchSampler: component(BatchSampler)
      .nullish()
      .describe('The grouping into batches, instead of batchSize, shuffle, dropLast and sampler'),
    prefetch: z.int().nonnegative().default(0).describe('Batches made ahead of their use'),
    fields: FieldOptionsByName,
    ...ignoredOptions,
  })
  .superRefine((options, context) => {
    const { batchSampler, sampler, batchSize, shuffle, dropLast, seed } = options;
    const refuse = (key: string, reason: string): void => {
      context.addIssue({ code: 'custom', path: [key], message: reason });
    };
    if (batchSampler != null) {
      const settled = { batchSize: batchSize !== 1, shuffle, dropLast, sampler: sampler != null };
      for (const [key, given] of Object.entries(settled)) {
        if (given)
          refuse(key, 'cannot be combined with batchSampler, which decides it; give it to the batch sampler instead');
      }
    }
    if (sampler != null && shuffle) refuse('shuffle', 'cannot be combined with sampler, which decides the order');
    if (seed !== undefined && !shuffle)
      refuse('seed', 'is the seed of shuffle, which is off; samplers have a seed of their own');
  });

/** What a loader is made with in code: samplers are instances. */
export type ArrayDataLoaderOptions = Omit<z.input<typeof ArrayDataLoaderSchema>, 'sampler' | 'batchSampler'> & {
  readonly sampler?: Sampler | undefined;
  readonly batchSampler?: BatchSampler | undefined;
};

/**
 * Batches of a data set in memory. The order is a pure function of (seed, epoch), so that any batch of any epoch can be
 * made without those before it. Worker r of n gets batches r, r + n, r + 2n, ... of every epoch, all workers equally
 * many: up to n - 1 batches at the end of an epoch are left out.
 *
 * Numbers and lists of numbers become tensors [batch, ...]; lists of several lengths are padded and bring a
 * `<field>Mask`, float32, 1 at data and 0 at padding, with the dimensions up to the last one that varies. Strings,
 * booleans and records stay lists. What a field is, is found out once from all examples: a batch that happens to hold
 * only whole numbers, or lists of one length, is given like every other.
 */
@DataLoader.register('default', ArrayDataLoaderSchema)
@DataLoader.register('pytorch_dataloader', ArrayDataLoaderSchema)
@DataLoader.register('multiprocess', ArrayDataLoaderSchema)
@DataLoader.register('simple', ArrayDataLoaderSchema)
export class ArrayDataLoader extends DataLoader {
  override readonly resumability: Resumability = 'seekable';

  private readonly options: Built<z.output<typeof ArrayDataLoaderSchema>>;
  private readonly examples: Examples;
  private readonly sampler: Sampler;
  /** The number of batches that every pass has, or null where they differ. */
  private fixedLength: number | null | undefined;
  private order: string | undefined;
  private readonly lengths: number[] = [];
  /** The pass that was asked for last. */
  private pass: { readonly number: number; readonly batches: readonly (readonly number[])[] } | undefined;

  /**
   * @param data records, or columns; tensors among the columns stay the caller's and have to live as long as the loader.
   * @throws ConfigError for options that the schema refuses; DataError (`X_DATA_INVALID`) naming the example and the
   *   field, for data that do not go together.
   */
  constructor(
    options: ArrayDataLoaderOptions | z.output<typeof ArrayDataLoaderSchema>,
    @inject(Dataset) data: readonly Instance[] | ColumnsData,
    @inject(RandomStreamsToken, { optional: true }) run?: RandomStreams,
    @inject(Vocabulary, { optional: true }) vocabulary?: Vocabulary,
    @inject(DatasetReader, { optional: true }) reader?: DatasetReader,
  ) {
    super();
    this.options = parseOptions(
      ArrayDataLoaderSchema,
      options as ArrayDataLoaderOptions,
      'the data loader',
    ) as typeof this.options;
    const { sampler, shuffle, seed, fields } = this.options;
    this.examples = examplesOf(data, new FieldSettings(fields, vocabulary, reader?.namespaces));
    logIgnored(this.options);
    this.sampler = sampler ?? (shuffle ? new RandomSampler({ seed }, run) : new SequentialSampler());
  }

  /** Null where the batch sampler gives every epoch another number of batches and there is no `batchesPerEpoch`. */
  override length(worldSize = 1): number | null {
    const common = this.commonLength();
    const length = common === 0 ? 0 : (this.options.batchesPerEpoch ?? common);
    return length === null ? null : workerLength(length, worldSize);
  }

  /** The batches of the first pass stand for the order of all: samplers are pure functions of (seed, epoch). */
  override describe(): Readonly<Record<string, Json>> {
    const { batchesPerEpoch = null } = this.options;
    this.order ??= fingerprint(this.passBatches(0));
    return { examples: this.examples.size, batchesPerEpoch, order: this.order };
  }

  override epoch(request: EpochRequest): AsyncIterable<Batch> {
    const batches = this.batches(request);
    return this.options.prefetch === 0 ? batches : prefetch(batches, this.options.prefetch);
  }

  private async *batches(request: EpochRequest): AsyncGenerator<Batch> {
    const passes = { length: (pass: number): number => this.passLength(pass) };
    for (const { pass, index } of placesOf(request, passes, this.options.batchesPerEpoch ?? undefined)) {
      yield this.examples.take(this.passBatches(pass)[index]!);
    }
  }

  private commonLength(): number | null {
    if (this.fixedLength === undefined) {
      const { batchSampler } = this.options;
      this.fixedLength =
        batchSampler == null ? this.passBatches(0).length : batchSampler.length(this.examples.instances);
    }
    return this.fixedLength;
  }

  private passLength(pass: number): number {
    return this.commonLength() ?? (this.lengths[pass] ??= this.passBatches(pass).length);
  }

  private passBatches(number: number): readonly (readonly number[])[] {
    const { batchSampler, batchSize, dropLast } = this.options;
    if (this.pass?.number === number) return this.pass.batches;
    const batches =
      batchSampler?.batches(this.examples.instances, number) ??
      cut(this.sampler.indices(this.examples.size, number), batchSize, dropLast);
    this.pass = { number, batches };
    return batches;
  }
}

/** Sixteen digits of the SHA-256 of the indices of batches, each batch with its length before it. */
function fingerprint(batches: readonly (readonly number[])[]): string {
  const hash = createHash('sha256');
  for (const batch of batches) hash.update(Uint32Array.from([batch.length, ...batch]));
  return hash.digest('hex').slice(0, 16);
}

/**
 * A loader over a data set in memory.
 *
 * @param data columns, `{ x: Float32Array | tensor | { data, shape } | list, y: ... }`, or a list of records.
 * @param options also `vocabulary`, where fields have a `namespace` in it.
 * @example dataLoader({ x: { data: pixels, shape: [60000, 28, 28] }, y: labels }, { batchSize: 32, shuffle: true, seed: 1 })
 */
export function dataLoader(
  data: readonly Instance[] | ColumnsData,
  { vocabulary, ...options }: ArrayDataLoaderOptions & { readonly vocabulary?: Vocabulary | undefined } = {},
): ArrayDataLoader {
  return new ArrayDataLoader(options, data, undefined, vocabulary);
}
