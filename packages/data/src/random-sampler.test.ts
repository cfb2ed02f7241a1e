import { DEFAULT_SEED, RandomStreams } from '@x/trainer-core';

import { RandomSampler } from './random-sampler.js';
import { SequentialSampler } from './sequential-sampler.js';

const sorted = (indices: Uint32Array): number[] => [...indices].sort((a, b) => a - b);

test('sequential is the order of the data', () => {
  expect([...new SequentialSampler().indices(4)]).toEqual([0, 1, 2, 3]);
});

test('random holds every example once, in the order of the default seed where none is given', () => {
  const indices = new RandomSampler().indices(100, 2);
  expect(sorted(indices)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect(indices).toEqual(new RandomStreams(DEFAULT_SEED).stream('shuffle').at(2).permutation(100));
});

test('fewer samples are a part, more go round again', () => {
  expect(new Set(new RandomSampler({ numSamples: 3 }).indices(10, 0)).size).toBe(3);
  expect(sorted(new RandomSampler({ numSamples: 8 }).indices(4, 0))).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
});

test('with replacement every example is equally likely, and an epoch is the same again', () => {
  const sampler = new RandomSampler({ replacement: true, numSamples: 40_000, seed: 3 });
  const indices = sampler.indices(4, 1);
  for (let example = 0; example < 4; example++) {
    // 10 000 expected, standard deviation 87
    expect(Math.abs(indices.filter((i) => i === example).length - 10_000)).toBeLessThan(400);
  }
  expect(sampler.indices(4, 1)).toEqual(indices);
});

test('no data, no indices', () => {
  expect(new RandomSampler({ numSamples: 3 }).indices(0, 0)).toHaveLength(0);
});
