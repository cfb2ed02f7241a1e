import { evaluate } from '../graph/__fixtures__/evaluate.js';
import { operations } from '../graph/__fixtures__/operations.js';
import { Graph } from '../graph/graph.js';
import type { Value } from '../graph/value.js';
import { splits } from './splits.js';

const g = new Graph();
const x = g.input('x', [2, 8], 'float32');
const feeds = { x: Float32Array.from({ length: 16 }, (_, i) => i) };
const columns = (begin: number, end: number): Value => g.slice(x, [0, begin], [2, end - begin]);
const split = (...roots: readonly Value[]): Value[] => roots.map(splits.run(g, roots));

test('slices beside each other are one split', () => {
  const values = split(columns(3, 8), columns(0, 1), columns(1, 3));
  expect(operations(...values)).toEqual({ Split: 1 });
  expect(evaluate(values, feeds)).toEqual([
    [3, 4, 5, 6, 7, 11, 12, 13, 14, 15],
    [0, 8],
    [1, 2, 9, 10],
  ]);
});

test('also with gaps, before, between and after them', () => {
  const values = split(columns(4, 7), columns(1, 4));
  expect(operations(...values)).toEqual({ Split: 1 });
  expect(evaluate(values, feeds)).toEqual([
    [4, 5, 6, 12, 13, 14],
    [1, 2, 3, 9, 10, 11],
  ]);
});

test('of two axes each has its own', () => {
  const values = split(columns(0, 4), columns(4, 8), g.slice(x, [0, 0], [1, 8]), g.slice(x, [1, 0], [1, 8]));
  expect(operations(...values)).toEqual({ Split: 2 });
});

test.each([
  ['one slice', [columns(0, 7)]],
  ['slices that overlap', [columns(0, 5), columns(3, 8)]],
  ['a few of many', [columns(0, 2), columns(5, 6)]],
  ['slices with a stride', [0, 1].map((i) => g.stridedSlice(x, [0, i], [2, 7 + i], [1, 2]))],
  ['slices of two axes at once', [0, 1].map((i) => g.slice(x, [i, 4 * i], [1, 4]))],
])('%s stay', (_, values) => {
  expect(split(...values)).toEqual(values);
});
