import type { Instance } from '@x/trainer-core';
import { BatchSampler, DataError, inject, parseOptions, RandomStreams, RandomStreamsToken } from '@x/trainer-core';
import { z } from 'zod';

import { shuffleStream } from './shuffle.js';

export const BucketBatchSamplerOptions = z.strictObject({
  batchSize: z.int().positive().describe('Examples in a batch; the last one may have fewer'),
  sortingKeys: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      'Fields whose lengths order the examples, the first one first; default: the longest field of the first 12 examples',
    ),
  paddingNoise: z
    .number()
    .nonnegative()
    .default(0.1)
    .describe('Lengths are changed by up to this fraction before sorting, so that batches differ between epochs'),
  dropLast: z.boolean().default(false).describe('Whether a last batch with fewer examples is left out'),
  shuffle: z
    .boolean()
    .default(true)
    .describe('Whether the batches come in a random order; false: short examples first'),
  seed: z.int().optional().describe("The seed of noise and order; default: the run's, else 13370"),
});

export type BucketBatchSamplerOptions = z.input<typeof BucketBatchSamplerOptions>;

/** The original looks at its first instances, up to this number, to find the longest field. */
const LOOKED_AT = 12;

/**
 * Batches of examples of about the same length, so that little is padding (AllenNLP's `bucket`): a stable sort by noisy
 * lengths, cut into batches, which come in a random order. A pure function of (seed, epoch).
 */
@BatchSampler.register('bucket', BucketBatchSamplerOptions)
export class BucketBatchSampler extends BatchSampler {
  private readonly options: z.output<typeof BucketBatchSamplerOptions>;

  /** @throws ConfigError for options that the schema refuses. */
  constructor(
    options: BucketBatchSamplerOptions,
    @inject(RandomStreamsToken, { optional: true }) private readonly run?: RandomStreams | undefined,
  ) {
    super();
    this.options = parseOptions(BucketBatchSamplerOptions, options, 'BucketBatchSampler');
  }

  /** @throws DataError (`X_DATA_INVALID`) naming instance and field, where a sorting key is missing or has no length. */
  override batches(instances: readonly Instance[], epoch: number): number[][] {
    const { sortingKeys = longestField(instances), paddingNoise, batchSize, shuffle, seed } = this.options;
    const stream = shuffleStream(epoch, seed, this.run);
    const noise = stream.at('noise').uniforms(instances.length * sortingKeys.length);
    const lengths = instances.map((instance, i) =>
      sortingKeys.map((key, k) => {
        const length = lengthOf(instance, key, i);
        return length + length * paddingNoise * (2 * noise[i * sortingKeys.length + k]! - 1);
      }),
    );
    const order = instances.map((_, i) => i).sort((a, b) => compare(lengths[a]!, lengths[b]!));
    const batches = Array.from({ length: this.length(instances) }, (_, i) =>
      order.slice(i * batchSize, (i + 1) * batchSize),
    );
    return shuffle ? Array.from(stream.at('batches').permutation(batches.length), (i) => batches[i]!) : batches;
  }

  override length(instances: readonly Instance[]): number {
    const { batchSize, dropLast } = this.options;
    return dropLast ? Math.floor(instances.length / batchSize) : Math.ceil(instances.length / batchSize);
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  const i = a.findIndex((length, k) => length !== b[k]);
  return i < 0 ? 0 : a[i]! - b[i]!;
}

function lengthOf(instance: Instance, key: string, number: number): number {
  const length = lengthIn(instance[key]);
  if (length !== undefined) return length;
  const problem =
    instance[key] === undefined
      ? `lacks the sorting key "${key}"; it has ${Object.keys(instance).join(', ')}`
      : `has no length in the field "${key}", a sorting key; expected a list or a string`;
  throw new DataError('X_DATA_INVALID', `instance ${number} ${problem}`);
}

function lengthIn(value: unknown): number | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return ArrayBuffer.isView(value) && 'length' in value ? Number(value.length) : undefined;
}

/** The field with the longest value among the first instances; the first of several such. */
function longestField(instances: readonly Instance[]): string[] {
  let longest: { name: string; length: number } | undefined;
  for (const instance of instances.slice(0, LOOKED_AT)) {
    for (const [name, value] of Object.entries(instance)) {
      const length = lengthIn(value) ?? 0;
      if (length > (longest?.length ?? 0)) longest = { name, length };
    }
  }
  if (longest !== undefined || instances.length === 0) return longest === undefined ? [] : [longest.name];
  throw new DataError(
    'X_DATA_INVALID',
    'no field of the first instances has a length to sort by; name the fields in sortingKeys',
  );
}
