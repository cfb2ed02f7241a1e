import { DataError } from '@x/trainer-core';

import { SubsetRandomSampler } from './subset-random-sampler.js';

test('the chosen examples come once each, in an order of every epoch', () => {
  const indices = [7, 3, 3, 8, 0, 5, 2];
  const sampler = new SubsetRandomSampler({ indices, seed: 1 });
  const orders = [0, 1].map((epoch) => [...sampler.indices(9, epoch)]);
  for (const order of orders) expect([...order].sort()).toEqual([...indices].sort());
  expect(orders[0]).not.toEqual(orders[1]);
});

test('an index beyond the data set is refused', () => {
  const sampler = new SubsetRandomSampler({ indices: [0, 4] });
  expect(() => sampler.indices(4, 0)).toThrow(DataError);
  expect(() => sampler.indices(4, 0)).toThrow(/index 4, but the data set has 4 examples, from 0 to 3/);
});
