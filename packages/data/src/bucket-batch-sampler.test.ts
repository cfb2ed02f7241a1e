import type { Instance } from '@x/trainer-core';

import golden from './__fixtures__/allennlp-1-data.json' with { type: 'json' };
import { BucketBatchSampler } from './bucket-batch-sampler.js';

interface GoldenOptions {
  readonly batch_size: number;
  readonly sorting_keys?: string[];
  readonly padding_noise?: number;
  readonly drop_last?: boolean;
}

interface GoldenCase {
  readonly options: GoldenOptions;
  readonly lengths: Readonly<Record<string, readonly number[]>>;
  readonly batches_before_shuffle?: readonly (readonly number[])[];
  readonly len?: number;
  readonly error?: unknown;
}

const cases = golden.bucket as readonly GoldenCase[];

function instancesOf(lengths: GoldenCase['lengths']): Instance[] {
  const [first = []] = Object.values(lengths);
  return first.map((_, i) =>
    Object.fromEntries(Object.entries(lengths).map(([name, of]) => [name, new Int32Array(of[i]!)])),
  );
}

// the case of an unknown key, the only one with the default noise, fails before noise matters
test.each(cases)('as the original, before the shuffle: $options', ({ options, lengths, error, len, ...expected }) => {
  const instances = instancesOf(lengths);
  const { batch_size, sorting_keys, padding_noise, drop_last } = options;
  const sampler = new BucketBatchSampler({
    batchSize: batch_size,
    sortingKeys: sorting_keys,
    paddingNoise: padding_noise,
    dropLast: drop_last,
    shuffle: false,
  });
  if (error !== undefined) {
    expect(() => sampler.batches(instances, 0)).toThrow(
      'instance 0 lacks the sorting key "nope"; it has tokens, chars',
    );
    return;
  }
  expect(sampler.batches(instances, 0)).toEqual(expected.batches_before_shuffle);
  expect(sampler.length(instances)).toBe(len);
});

const lengths = Array.from({ length: 40 }, (_, i) => ({ x: new Int32Array(10 + ((i * 7) % 40)) }));

test('the shuffle changes the order of batches and nothing else', () => {
  const options = { batchSize: 3, paddingNoise: 0, seed: 1 };
  const sorted = new BucketBatchSampler({ ...options, shuffle: false }).batches(lengths, 0);
  const shuffled = new BucketBatchSampler(options).batches(lengths, 0);
  expect(shuffled).not.toEqual(sorted);
  expect([...shuffled].sort(byFirst)).toEqual([...sorted].sort(byFirst));
});

test('an epoch is the same again, and another epoch is another', () => {
  const sampler = new BucketBatchSampler({ batchSize: 3, seed: 1 });
  const first = sampler.batches(lengths, 0);
  expect(sampler.batches(lengths, 1)).not.toEqual(first);
  expect(sampler.batches(lengths, 0)).toEqual(first);
});

test('noise gives every epoch other batches, and as many; without shuffle there is none', () => {
  const options = { batchSize: 3, seed: 1, paddingNoise: 0.5 };
  const sets = [0, 1].map((epoch) => new Set(new BucketBatchSampler(options).batches(lengths, epoch).map(String)));
  expect(sets[0]).not.toEqual(sets[1]);
  expect(new BucketBatchSampler(options).length(lengths)).toBe(14);
  const sorted = new BucketBatchSampler({ ...options, shuffle: false });
  expect(sorted.batches(lengths, 1)).toEqual(
    new BucketBatchSampler({ ...options, paddingNoise: 0, shuffle: false }).batches(lengths, 0),
  );
});

test('a key without a length is refused', () => {
  const sampler = new BucketBatchSampler({ batchSize: 1, sortingKeys: ['x'] });
  expect(() => sampler.batches([{ x: [1] }, { x: 1 }], 0)).toThrow('instance 1 has no length in the field "x"');
  expect(() => new BucketBatchSampler({ batchSize: 1 }).batches([{ x: 1 }], 0)).toThrow(
    'name the fields in sortingKeys',
  );
});

function byFirst(a: readonly number[], b: readonly number[]): number {
  return a[0]! - b[0]!;
}
