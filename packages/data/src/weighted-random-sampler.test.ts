import { ConfigError, DataError } from '@x/trainer-core';

import { WeightedRandomSampler } from './weighted-random-sampler.js';

const count = (indices: Uint32Array, example: number): number => indices.filter((i) => i === example).length;

test('with replacement, examples come in proportion to their weights', () => {
  const indices = new WeightedRandomSampler({ weights: [0, 1, 0, 3, 6, 0], numSamples: 40_000, seed: 3 }).indices(6, 1);
  expect([0, 2, 5].map((example) => count(indices, example))).toEqual([0, 0, 0]);
  // expected 4 000, 12 000, 24 000, with standard deviations of 60, 92 and 98
  expect(Math.abs(count(indices, 1) - 4_000)).toBeLessThan(300);
  expect(Math.abs(count(indices, 3) - 12_000)).toBeLessThan(400);
  expect(Math.abs(count(indices, 4) - 24_000)).toBeLessThan(400);
});

test('without replacement, each comes once, the likelier ones earlier', () => {
  const sampler = new WeightedRandomSampler({ weights: [1, 0, 3], numSamples: 2, replacement: false, seed: 3 });
  const draws = Array.from({ length: 4_000 }, (_, epoch) => [...sampler.indices(3, epoch)]);
  expect(draws.every((draw) => [...draw].sort().join() === '0,2')).toBe(true);
  // the first one is example 2 with a probability of 3/4: 3 000 expected, standard deviation 27
  expect(Math.abs(draws.filter(([first]) => first === 2).length - 3_000)).toBeLessThan(120);
});

test.each<[string, object, RegExp]>([
  ['no weight above 0', { weights: [0, 0], numSamples: 1 }, /weights: are all 0/],
  [
    'more samples than examples',
    { weights: [1, 0], numSamples: 2, replacement: false },
    /numSamples: is 2, but .* only 1/,
  ],
  ['a negative weight', { weights: [-1], numSamples: 1 }, /weights\.0/],
])('%s is refused', (_, options, message) => {
  const make = (): unknown => new WeightedRandomSampler(options as never);
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(message);
});

test('a data set with another number of examples is refused', () => {
  const sampler = new WeightedRandomSampler({ weights: [1, 2], numSamples: 2 });
  expect(() => sampler.indices(3, 0)).toThrow(DataError);
  expect(() => sampler.indices(3, 0)).toThrow(/has 2 weights, but the data set has 3 examples/);
});
