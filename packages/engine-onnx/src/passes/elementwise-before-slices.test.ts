import { operations } from '../graph/__fixtures__/operations.js';
import { Graph } from '../graph/graph.js';
import type { Value } from '../graph/value.js';
import { elementwiseBeforeSlices } from './elementwise-before-slices.js';

const g = new Graph();
const x = g.input('x', [4, 9], 'float32');
const moved = (...roots: readonly Value[]): Value[] => roots.map(elementwiseBeforeSlices.run(g, roots));
const gate = (of: Value, i: number): Value => g.slice(of, [0, 3 * i], [4, 3]);
const row = (of: Value, i: number): Value => g.slice(of, [i, 0], [1, 9]);
const gates = (operation: (gate: Value) => Value, of = x): Value[] => [0, 1, 2].map((i) => operation(gate(of, i)));

test('the same on every slice is done on the whole', () => {
  expect(moved(...gates((value) => g.unary('Tanh', value)))).toEqual(gates((value) => value, g.unary('Tanh', x)));
});

test('so are chains, with numbers on either side', () => {
  const chain = (value: Value): Value => g.unary('Exp', g.sub(g.scalar(1), g.mul(value, g.scalar(0.2))));
  expect(moved(...gates(chain))).toEqual(gates((value) => value, chain(x)));
});

test('two of three are enough, and the third reads its slice', () => {
  const [first, second] = gates((value) => g.unary('Tanh', value)) as [Value, Value];
  const other = g.unary('Exp', gate(x, 2));
  const whole = g.unary('Tanh', x);
  expect(moved(first, second, other)).toEqual([gate(whole, 0), gate(whole, 1), other]);
});

test('slices of two values of one shape are combined before', () => {
  const y = g.input('y', [4, 9], 'float32');
  const products = [0, 1, 2].map((i) => g.mul(gate(x, i), gate(y, i)));
  expect(moved(...products)).toEqual(gates((value) => value, g.mul(x, y)));
});

test('one row for all rows is added before they are cut, axes of length 1 or not', () => {
  const bias = g.input('bias', [9], 'float32');
  const rows = (of: Value, i: number): Value => g.slice(of, [2 * i, 0], [2, 9]);
  const sums = [0, 1].map((i) => g.add(bias, g.reshape(rows(x, i), [2, 1, 9])));
  const whole = g.add(bias, x);
  expect(moved(...sums)).toEqual([0, 1].map((i) => g.reshape(rows(whole, i), [2, 1, 9])));
});

test.each([
  ['one slice', [g.unary('Tanh', gate(x, 0))]],
  ['less than half of the whole', [0, 1].map((i) => g.unary('Tanh', g.slice(x, [0, i], [4, 2])))],
  ['different operations', [g.unary('Tanh', gate(x, 0)), g.unary('Exp', gate(x, 1)), g.neg(gate(x, 2))]],
  ['different numbers', [0, 1, 2].map((i) => g.mul(gate(x, i), g.scalar(i + 2)))],
  ['different parts of two values', [0, 1, 2].map((i) => g.mul(gate(x, i), gate(g.neg(x), (i + 1) % 3)))],
  ['a row that is cut itself', [0, 1, 2].map((i) => g.mul(gate(x, i), g.input(`row`, [3], 'float32')))],
  ['slices that are broadcast', [0, 1, 2, 3].map((i) => g.mul(row(x, i), g.input('more', [2, 9], 'float32')))],
  ['sums along an axis', gates((value) => g.sum(value, [1], true))],
])('%s stay', (_, values) => {
  expect(operations(...moved(...values))).toEqual(operations(...values));
});
