import type { Instance } from '@x/trainer-core';
import { withLog } from '@x/trainer-core';

import golden from './__fixtures__/allennlp-1-data.json' with { type: 'json' };
import { MaxTokensBatchSampler } from './max-tokens-batch-sampler.js';

const instancesOf = (lengths: Readonly<Record<string, readonly number[]>>): Instance[] =>
  Object.values(lengths)[0]!.map((_, i) =>
    Object.fromEntries(Object.entries(lengths).map(([name, of]) => [name, new Int32Array(of[i]!)])),
  );
const withWarnings = <R>(run: () => R): { readonly result: R; readonly warnings: string[] } => {
  const warnings: string[] = [];
  const result = withLog({ info: () => undefined, warn: (text) => void warnings.push(text) }, run);
  return { result, warnings };
};

test.each(golden.max_tokens)('as the original, before the shuffle: $options', ({ options, lengths, ...expected }) => {
  const sampler = new MaxTokensBatchSampler({
    maxTokens: options.max_tokens,
    sortingKeys: options.sorting_keys,
    shuffle: false,
  });
  const instances = instancesOf(lengths);
  // the original begins with an empty batch where the first example is too long
  const batches = expected.batches_before_shuffle.filter((batch) => batch.length > 0);
  const { result } = withWarnings(() => [sampler.batches(instances, 0), sampler.length(instances)]);
  expect(result).toEqual([batches, batches.length]);
});

test('the longest of several keys counts', () => {
  const instances = [
    { a: [1], b: [1, 2, 3] },
    { a: [1, 2], b: [1] },
    { a: [1, 2, 3], b: [1] },
  ];
  const sampler = new MaxTokensBatchSampler({ maxTokens: 6, sortingKeys: ['a', 'b'], shuffle: false });
  expect(sampler.batches(instances, 0)).toEqual([[0, 1], [2]]);
});

test('examples that are too long are alone, and told of once', () => {
  const instances = instancesOf({ x: [5, 9, 2, 2] });
  const sampler = new MaxTokensBatchSampler({ maxTokens: 4, shuffle: false });
  const { result, warnings } = withWarnings(() => [sampler.batches(instances, 0), sampler.batches(instances, 1)]);
  expect(result[0]).toEqual([[2, 3], [0], [1]]);
  expect(warnings).toEqual(['2 instances are longer than maxTokens (4), one has 9; each has a batch of its own']);
});

test('the number of batches is known where it is the same in every epoch', () => {
  const instances = instancesOf({ x: Array.from({ length: 60 }, (_, i) => 1 + ((i * 7) % 40)) });
  const sampler = new MaxTokensBatchSampler({ maxTokens: 90, paddingNoise: 0.5, seed: 1 });
  const counts = new Set(Array.from({ length: 10 }, (_, epoch) => sampler.batches(instances, epoch).length));
  expect(counts.size).toBeGreaterThan(1);
  expect(sampler.length(instances)).toBeNull();
  const fixed = new MaxTokensBatchSampler({ maxTokens: 90, paddingNoise: 0 });
  expect(fixed.length(instances)).toBe(fixed.batches(instances, 3).length);
});
