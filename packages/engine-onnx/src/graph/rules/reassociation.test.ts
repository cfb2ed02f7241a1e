import { operations } from '../__fixtures__/operations.js';
import { Graph } from '../graph.js';

const g = new Graph();
const x = g.input('x', [4, 3], 'float32');
const s = g.input('s', [3], 'float32');
const t = g.input('t', [3], 'float32');
const two = g.scalar(2);

test.each([
  ['(x * s) * t', g.mul(g.mul(x, s), t), g.mul(x, g.mul(s, t))],
  ['(s * x) * 2', g.mul(g.mul(s, x), two), g.mul(x, g.mul(s, two))],
  ['(x * 2) * 3', g.mul(g.mul(x, two), g.scalar(3)), g.mul(x, g.scalar(6))],
  ['(x + s) + t', g.add(g.add(x, s), t), g.add(x, g.add(s, t))],
  ['-x * s', g.mul(g.neg(x), s), g.mul(x, g.neg(s))],
  ['(x / s) * t', g.mul(g.div(x, s), t), g.mul(x, g.div(t, s))],
  ['(x * s) / t', g.div(g.mul(x, s), t), g.mul(x, g.div(s, t))],
  ['x / 3', g.div(x, g.scalar(3)), g.mul(x, g.scalar(1 / 3))],
  ['the sum of x * s over rows', g.sum(g.mul(x, s), [0], true), g.mul(g.sum(x, [0], true), g.reshape(s, [1, 3]))],
  ['the sum of s * x over rows', g.sum(g.mul(s, x), [0], true), g.mul(g.sum(x, [0], true), g.reshape(s, [1, 3]))],
  ['the sum of x / s over rows', g.sum(g.div(x, s), [0], true), g.div(g.sum(x, [0], true), g.reshape(s, [1, 3]))],
  ['the sum of x * 2', g.sum(g.mul(x, two), [0, 1], true), g.mul(g.sum(x, [0, 1], true), two)],
  ['the sum of -x', g.sum(g.neg(x), [0], true), g.neg(g.sum(x, [0], true))],
  ['(y * 2) * 3 of one number', ...oneNumber()],
])('%s', (_, value, expected) => {
  expect(value).toBe(expected);
});

function oneNumber(): [ReturnType<Graph['mul']>, ReturnType<Graph['mul']>] {
  const y = g.input('y', [], 'float32');
  return [g.mul(g.mul(y, two), g.scalar(3)), g.mul(y, g.scalar(6))];
}

test('a sum along an axis in which the factor differs stays', () => {
  expect(operations(g.sum(g.mul(x, s), [1], true))).toEqual({ Mul: 1, ReduceSum: 1 });
});

test('factors that are large together are not combined', () => {
  const column = g.input('column', [4, 1], 'float32');
  expect(g.mul(g.mul(x, s), column)).toBe(g.op('Mul', [g.mul(x, s), column], {}, [4, 3]));
});

test('a quotient by 0, or by what has no normal reciprocal, stays', () => {
  expect(g.div(x, g.scalar(0)).op).toBe('Div');
  expect(g.div(x, g.scalar(1e-40)).op).toBe('Div');
  expect(g.div(x, g.scalar(3e38)).op).toBe('Div');
});

test('whole numbers are divided as they are', () => {
  const whole = g.input('whole', [4, 3], 'int32');
  expect(g.div(g.mul(whole, g.scalar(3, 'int32')), g.scalar(2, 'int32')).op).toBe('Div');
});

test('switched off, the order of computation is kept', () => {
  const plain = new Graph({ reassociation: false });
  const value = plain.input('x', [4, 3], 'float32');
  const factor = plain.input('s', [3], 'float32');
  expect(operations(plain.mul(plain.mul(value, factor), factor))).toEqual({ Mul: 2 });
  expect(plain.div(value, plain.scalar(3)).op).toBe('Div');
});
