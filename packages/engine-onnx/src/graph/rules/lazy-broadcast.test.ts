import { operations } from '../__fixtures__/operations.js';
import { Graph } from '../graph.js';

const g = new Graph();
const row = g.input('row', [3], 'float32');
const column = g.input('column', [2, 1], 'float32');
const x = g.input('x', [2, 3], 'float32');
const rows = g.expand(row, [2, 3]);
const oneRow = g.reshape(row, [1, 3]);

test('a function of something repeated is computed once and repeated', () => {
  expect(g.unary('Tanh', rows)).toBe(g.expand(g.unary('Tanh', row), [2, 3]));
});

test('elementwise operators broadcast by themselves', () => {
  expect(g.mul(x, rows)).toBe(g.mul(x, row));
  expect(g.mul(rows, g.expand(column, [2, 3]))).toBe(g.mul(row, column));
  expect(g.add(x, g.expand(g.input('one', [], 'float32'), [2, 3]))).toBe(g.add(x, g.input('one', [], 'float32')));
});

test('two rows repeated alike are added before', () => {
  const other = g.input('other', [3], 'float32');
  expect(g.add(rows, g.expand(other, [2, 3]))).toBe(g.expand(g.add(row, other), [2, 3]));
});

test('a choice broadcasts by itself', () => {
  const positive = g.binary('Greater', row, g.scalar(0), 'bool');
  expect(g.where(g.expand(positive, [2, 3]), x, rows)).toBe(g.where(positive, x, row));
});

test('a sum over what is repeated is a product', () => {
  expect(g.sum(rows, [0], true)).toBe(g.mul(g.reshape(row, [1, 3]), g.scalar(2)));
  expect(operations(g.sum(rows, [0, 1], false))).toEqual({ Reshape: 2, ReduceSum: 1, Mul: 1 });
});

test('a maximum over what is repeated is one of them', () => {
  expect(g.reduce('ReduceMax', rows, [0], false)).toBe(row);
});

test('a mean over what is repeated is one of them', () => {
  expect(g.reduce('ReduceMean', rows, [0], false)).toBe(row);
});

test.each([
  ['a broadcast of it', g.expand(g.expand(row, [2, 3]), [4, 2, 3]), g.expand(row, [4, 2, 3])],
  ['a transposition', g.transpose(rows, [1, 0]), g.expand(g.reshape(row, [3, 1]), [3, 2])],
  ['axes merged', g.reshape(g.expand(row, [4, 2, 3]), [8, 3]), g.expand(row, [8, 3])],
  ['axes split', g.reshape(g.expand(row, [4, 3]), [2, 2, 1, 3]), g.expand(row, [2, 2, 1, 3])],
  ['a slice', g.slice(rows, [1, 1], [1, 2]), g.slice(oneRow, [0, 1], [1, 2])],
  ['a slice across the repetitions', g.slice(rows, [0, 1], [2, 2]), g.expand(g.slice(oneRow, [0, 1], [1, 2]), [2, 2])],
  ['turned around', g.reverse(rows, 0), rows],
])('%s is repeated afterwards', (_, value, expected) => {
  expect(value).toBe(expected);
});

test('a reshape that mixes the repeated with the rest is one of what is repeated already', () => {
  expect(operations(g.reshape(rows, [6]))).toEqual({ Expand: 1, Reshape: 1 });
});

test('a matrix repeated for a batch is multiplied as one', () => {
  const batch = g.input('batch', [5, 2, 3], 'float32');
  const w = g.input('w', [3, 4], 'float32');
  expect(g.matmul(batch, g.expand(w, [5, 3, 4]))).toBe(g.matmul(batch, w));
  expect(operations(g.matmul(batch, w))).toEqual({ Reshape: 2, Gemm: 1 });
});

test('a matrix of repeated rows is multiplied as it is', () => {
  const w = g.input('w', [3, 4], 'float32');
  expect(operations(g.matmul(rows, w))).toEqual({ Expand: 1, Gemm: 1 });
});

test('switched off, everything is broadcast where it is asked for', () => {
  const plain = new Graph({ lazyBroadcast: false });
  const value = plain.expand(plain.input('row', [3], 'float32'), [2, 3]);
  expect(plain.unary('Tanh', value).shape).toEqual([2, 3]);
  expect(plain.unary('Tanh', value).op).toBe('Tanh');
});
