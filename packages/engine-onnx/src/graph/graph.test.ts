import { evaluate } from './__fixtures__/evaluate.js';
import { Graph } from './graph.js';
import { simplifications } from './simplifications.js';
import type { Value } from './value.js';

const nothingOn = Object.fromEntries(simplifications.map((name) => [name, false]));

test('an equal computation is the same value', () => {
  const g = new Graph(nothingOn);
  const x = g.input('x', [2, 3], 'float32');
  expect(g.unary('Tanh', x)).toBe(g.unary('Tanh', x));
  expect(g.transpose(x, [1, 0])).not.toBe(g.reshape(x, [3, 2]));
  expect(g.constant(Float32Array.of(1, 2), [2], 'float32')).toBe(g.constant(Float32Array.of(1, 2), [2], 'float32'));
  expect(g.constant(Float32Array.of(1, 2), [2], 'float32')).not.toBe(g.constant(Int32Array.of(1, 2), [2], 'int32'));
  expect(g.slice(x, [1, 0], [1, 3])).toBe(g.stridedSlice(x, [1, 0], [9, 3], [8, 1]));
});

test('numbers that JSON does not know stay apart', () => {
  const g = new Graph();
  const all = [0, -0, NaN, Infinity, -Infinity].map((value) => g.scalar(value));
  expect(new Set(all).size).toBe(5);
});

test('types and shapes that do not go together are refused', () => {
  const g = new Graph();
  const x = g.input('x', [2, 3], 'float32');
  expect(() => g.add(x, g.input('i', [2, 3], 'int32'))).toThrow('Add of float32 and int32');
  expect(() => g.add(x, g.input('y', [2], 'float32'))).toThrow('[2,3] and [2] do not broadcast');
  expect(() => g.reshape(x, [5])).toThrow('[2,3] does not reshape to [5]');
  expect(() =>
    g.pad(x, [
      [-2, -1],
      [0, 0],
    ]),
  ).toThrow('[2,3] has less than the paddings take away');
});

describe.each([
  ['all simplifications', {}],
  ['none', nothingOn],
])('tensors without elements, with %s', (_, options) => {
  const g = new Graph(options);
  const empty = g.input('empty', [2, 0, 3], 'float32');
  const full = g.input('full', [2, 1, 3], 'float32');
  const feeds = { empty: new Float32Array(0), full: Float32Array.of(1, 2, 3, 4, 5, 6) };
  const rows = (value: Value): Value => g.reshape(value, [value.size / 3, 3]);

  test.each<[string, Value, number[], number[]]>([
    ['elementwise', g.add(empty, full), [2, 0, 3], []],
    ['a function', g.unary('Tanh', empty), [2, 0, 3], []],
    ['a sum over no elements', g.sum(empty, [1], false), [2, 3], [0, 0, 0, 0, 0, 0]],
    ['a sum that leaves none', g.sum(empty, [0], false), [0, 3], []],
    ['a product over no elements', g.reduce('ReduceProd', empty, [0, 1, 2], false), [], [1]],
    ['a maximum of no elements', g.reduce('ReduceMax', empty, [1, 2], false), [2], [-Infinity, -Infinity]],
    ['a mean of no elements', g.reduce('ReduceMean', empty, [1, 2], true), [2, 1, 1], [NaN, NaN]],
    [
      'a product of matrices over no elements',
      g.matmul(rows(empty), rows(full), true),
      [3, 3],
      Array<number>(9).fill(0),
    ],
    ['beside something', g.concat([empty, full], 1), [2, 1, 3], [1, 2, 3, 4, 5, 6]],
    ['beside nothing', g.concat([empty, empty], 1), [2, 0, 3], []],
    [
      'a frame',
      g.pad(
        g.slice(empty, [0, 0, 0], [1, 0, 1]),
        [
          [0, 0],
          [1, 1],
          [0, 0],
        ],
        7,
      ),
      [1, 2, 1],
      [7, 7],
    ],
    ['a slice of nothing', g.slice(full, [0, 1, 0], [2, 0, 3]), [2, 0, 3], []],
    ['a broadcast to nothing', g.expand(full, [2, 0, 3]), [2, 0, 3], []],
    ['a transposition', g.transpose(empty, [1, 2, 0]), [0, 3, 2], []],
    ['turned around', g.reverse(empty, 0), [2, 0, 3], []],
    ['an input itself', empty, [2, 0, 3], []],
  ])('%s', (_name, value, shape, elements) => {
    expect(value.shape).toEqual(shape);
    expect(evaluate([value], feeds)).toEqual([elements]);
  });
});
