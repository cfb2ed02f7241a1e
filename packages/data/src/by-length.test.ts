import { RandomStreams } from '@x/trainer-core';

import { longestField, sortedByLength } from './by-length.js';

const numbers = (...parameters: Parameters<typeof sortedByLength>): number[] =>
  sortedByLength(...parameters).map(({ number }) => number);

test('keys decide in their order, and the order of the data among equals', () => {
  const instances = [
    { a: [1, 2], b: [1] },
    { a: [1], b: [1, 2] },
    { a: [1], b: new Float32Array(1) },
    { a: [1], b: 'xy' },
  ];
  expect(numbers(instances, ['a', 'b'])).toEqual([2, 1, 3, 0]);
  expect(numbers(instances, ['b', 'a'])).toEqual([2, 0, 1, 3]);
  expect(sortedByLength(instances, ['b', 'a']).map(({ lengths }) => lengths)).toEqual([
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 1],
  ]);
});

test('without keys, the longest list of the first twelve examples decides; strings are not padded', () => {
  const first = { label: 'a long label', words: ['a', 'b'], tags: [1] };
  const short = Array.from({ length: 11 }, () => ({ label: '', words: ['a'], tags: [1] }));
  const late = { label: '', words: ['a'], tags: [1, 2, 3] };
  expect(longestField([first, ...short, late])).toEqual(['words']);
  expect(longestField([first, ...short.slice(1), late])).toEqual(['tags']);
});

test('noise changes places of examples of about the same length only', () => {
  const part = 0.1;
  const lengths = Array.from({ length: 40 }, (_, i) => 10 + ((i * 7) % 40));
  const instances = lengths.map((length) => ({ x: new Int32Array(length) }));
  const order = numbers(instances, ['x'], { part, stream: new RandomStreams(1).stream('noise') });
  expect(order).not.toEqual(numbers(instances, ['x']));
  order.slice(1).forEach((number, i) => {
    const [before, here] = [lengths[order[i]!]!, lengths[number]!];
    expect(before * (1 - part)).toBeLessThanOrEqual(here * (1 + part));
  });
});

test('no data, no order', () => {
  expect(numbers([], longestField([]))).toEqual([]);
});
