import { operations } from '../graph/__fixtures__/operations.js';
import { Graph } from '../graph/graph.js';
import type { Value } from '../graph/value.js';
import { productBias } from './product-bias.js';

const g = new Graph();
const x = g.input('x', [4, 3], 'float32');
const w = g.input('w', [3, 5], 'float32');
const b = g.input('b', [5], 'float32');
const product = g.matmul(x, w);
const biased = (...roots: readonly Value[]): Value[] => roots.map(productBias.run(g, roots));

test('a row that is added is the bias of the product', () => {
  const [value] = biased(g.add(product, b));
  expect(value!.op).toBe('Gemm');
  expect(value!.inputs).toEqual([x, w, b]);
});

test('a matrix that is added is, too', () => {
  const c = g.input('c', [4, 5], 'float32');
  expect(operations(...biased(g.add(c, product)))).toEqual({ Gemm: 1 });
});

test('of two products the later one starts from the earlier one', () => {
  const later = g.matmul(g.input('h', [4, 2], 'float32'), g.input('u', [2, 5], 'float32'));
  const [value] = biased(g.add(product, later));
  expect(value!.inputs).toEqual([...later.inputs, product]);
});

test('a product that was reshaped takes its row', () => {
  const batch = g.reshape(product, [2, 2, 5]);
  expect(operations(...biased(g.add(batch, b)))).toEqual({ Gemm: 1, Reshape: 1 });
});

test.each([
  ['the product is used elsewhere', g.add(product, b), product],
  ['a column is added', g.add(product, g.input('column', [4, 1], 'float32')), b],
  ['one number is added', g.add(product, g.input('one', [], 'float32')), b],
  ['the sum is larger than the product', g.add(product, g.input('more', [2, 4, 5], 'float32')), b],
  ['rows were reshaped', g.add(g.reshape(product, [5, 4]), g.input('d', [4], 'float32')), b],
])('an addition stays where %s', (_, sum, other) => {
  expect(biased(sum, other)).toEqual([sum, other]);
});
