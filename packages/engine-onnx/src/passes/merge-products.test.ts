import { operations } from '../graph/__fixtures__/operations.js';
import { Graph } from '../graph/graph.js';
import type { Value } from '../graph/value.js';
import { mergeProducts } from './merge-products.js';

const g = new Graph();
const inputs = (name: string, count: number, shape: readonly number[]): Value[] =>
  Array.from({ length: count }, (_, t) => g.input(`${name}${t}`, shape, 'float32'));
const sumOf = (terms: readonly Value[]): Value => terms.reduce((sum, term) => g.add(sum, term));
const merged = (...roots: readonly Value[]): Value[] => roots.map(mergeProducts.run(g, roots));

const a = inputs('a', 4, [2, 3]);
const b = inputs('b', 4, [2, 5]);
const products = a.map((value, t) => g.matmul(value, b[t]!, true));

test('a sum of products over steps is one product', () => {
  expect(merged(sumOf(products))).toEqual([g.matmul(g.concat(a, 0), g.concat(b, 0), true)]);
});

test('however the sum is nested', () => {
  const [p, q, r, s] = products as [Value, Value, Value, Value];
  expect(operations(...merged(g.add(g.add(p, q), g.add(r, s))))).toEqual({ Concat: 2, Gemm: 1 });
});

test('a sum of column sums is one column sum', () => {
  const sums = b.map((value) => g.sum(value, [0], false));
  expect(operations(...merged(sumOf(sums)))).toEqual({ Concat: 1, ReduceSum: 1, Reshape: 1 });
});

test('other terms are added as they were', () => {
  const other = g.input('other', [3, 5], 'float32');
  const sum = g.add(sumOf(products), other);
  expect(operations(...merged(sum))).toEqual({ Concat: 2, Gemm: 1, Add: 1 });
});

test('products of different shapes that are reshaped alike merge apart', () => {
  const c = inputs('c', 3, [2, 5]);
  const d = inputs('d', 3, [2, 3]);
  const turned = c.map((value, t) => g.reshape(g.matmul(value, d[t]!, true), [3, 5]));
  expect(operations(...merged(sumOf([...products, ...turned])))).toEqual({ Concat: 4, Gemm: 2, Reshape: 1, Add: 1 });
});

test('two products stay two', () => {
  const sum = g.add(products[0]!, products[1]!);
  expect(merged(sum)).toEqual([sum]);
});

test('a product that is used elsewhere stays', () => {
  const sum = sumOf(products.slice(0, 3));
  expect(merged(sum, products[0]!)).toEqual([sum, products[0]]);
});

test('whole numbers, which have no such products, stay', () => {
  const whole = Array.from({ length: 3 }, (_, t) => g.sum(g.input(`i${t}`, [2, 3], 'int32'), [0], false));
  const sum = sumOf(whole);
  expect(merged(sum)).toEqual([sum]);
});
