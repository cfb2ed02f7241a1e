import { placesOf } from './epoch-plan.js';

/** Passes of 3, 1 and 2 batches, over and over. */
const passes = { length: (pass: number): number => [3, 1, 2][pass % 3]! };
const all = ['0.0', '0.1', '0.2', '1.0', '2.0', '2.1', '3.0', '3.1', '3.2', '4.0', '5.0', '5.1'];
const shown = (...parameters: Parameters<typeof placesOf>): string[] =>
  [...placesOf(...parameters)].map(({ pass, index }) => `${pass}.${index}`);

test('an epoch is a pass', () => {
  expect([0, 1, 2].map((epoch) => shown({ epoch }, passes))).toEqual([['0.0', '0.1', '0.2'], ['1.0'], ['2.0', '2.1']]);
});

test.each([1, 2, 4, 5])('epochs of %d batches go on where the last one stopped', (length) => {
  for (let epoch = 0; (epoch + 1) * length <= all.length; epoch++) {
    const expected = all.slice(epoch * length, (epoch + 1) * length);
    expect(shown({ epoch }, passes, length)).toEqual(expected);
    expect(shown({ epoch, start: 1 }, passes, length)).toEqual(expected.slice(1));
  }
});

test('workers take turns, and get equally many', () => {
  const share = (rank: number): string[] => shown({ epoch: 1, rank, worldSize: 2 }, passes, 5);
  expect([share(0), share(1)]).toEqual([
    ['2.1', '3.1'],
    ['3.0', '3.2'],
  ]);
});

test('no data, no epoch', () => {
  expect(shown({ epoch: 3 }, { length: () => 0 }, 5)).toEqual([]);
});
