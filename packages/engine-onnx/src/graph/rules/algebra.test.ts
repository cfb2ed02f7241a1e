import { evaluate } from '../__fixtures__/evaluate.js';
import { Graph } from '../graph.js';

const g = new Graph({ reassociation: false });
const x = g.input('x', [2, 3], 'float32');
const y = g.input('y', [2, 3], 'float32');
const row = g.input('row', [3], 'float32');
const whole = g.input('whole', [2, 3], 'int32');
const flag = g.input('flag', [2, 3], 'bool');
const other = g.input('other', [2, 3], 'bool');

test.each([
  ['x * 1', g.mul(x, g.scalar(1)), x],
  ['1 * x', g.mul(g.scalar(1), x), x],
  ['x + 0', g.add(x, g.scalar(0)), x],
  ['x - 0', g.sub(x, g.splat(0, [2, 3])), x],
  ['0 - x', g.sub(g.scalar(0), x), g.neg(x)],
  ['x * -1', g.mul(x, g.scalar(-1)), g.neg(x)],
  ['x / 1', g.div(x, g.scalar(1)), x],
  ['x / 4', g.div(x, g.scalar(4)), g.mul(x, g.scalar(0.25))],
  ['-(-x)', g.neg(g.neg(x)), x],
  ['-(x - y)', g.neg(g.sub(x, y)), g.sub(y, x)],
  ['-(x * 3)', g.neg(g.mul(x, g.scalar(3))), g.mul(x, g.scalar(-3))],
  ['x + -y', g.add(x, g.neg(y)), g.sub(x, y)],
  ['-x + y', g.add(g.neg(x), y), g.sub(y, x)],
  ['x - -y', g.sub(x, g.neg(y)), g.add(x, y)],
  ['y + x', g.add(y, x), g.add(x, y)],
  ['row * x', g.mul(row, x), g.mul(x, row)],
  ['max(x, x)', g.binary('Max', x, x), x],
  ['whole * 0', g.mul(whole, g.scalar(0, 'int32')), g.splat(0, [2, 3], 'int32')],
  ['float(flag) * 0', g.mul(g.cast(flag, 'float32'), g.scalar(0)), g.splat(0, [2, 3])],
  ['flag and true', g.binary('And', flag, g.scalar(1, 'bool')), flag],
  ['flag and false', g.binary('And', flag, g.scalar(0, 'bool')), g.splat(0, [2, 3], 'bool')],
  ['flag or false', g.binary('Or', flag, g.scalar(0, 'bool')), flag],
  ['flag or true', g.binary('Or', flag, g.scalar(1, 'bool')), g.splat(1, [2, 3], 'bool')],
  ['bool(float(flag))', g.cast(g.cast(flag, 'float32'), 'bool'), flag],
  ['int(float(flag))', g.cast(g.cast(flag, 'float32'), 'int32'), g.cast(flag, 'int32')],
  ['flag ? x : x', g.where(flag, x, x), x],
  ['other and flag', g.binary('And', other, flag), g.binary('And', flag, other)],
])('%s', (_, value, expected) => {
  expect(value).toBe(expected);
});

test('x + 0 has the shape of both', () => {
  expect(g.add(row, g.splat(0, [2, 3])).shape).toEqual([2, 3]);
});

test('what is not finite survives a product with 0', () => {
  const product = g.mul(x, g.scalar(0));
  const data = Float32Array.of(NaN, Infinity, 1, 2, 3, -Infinity);
  expect(evaluate([product], { x: data })).toEqual([[NaN, NaN, 0, 0, 0, NaN]]);
});

test('0 divided by something stays: it may be 0 too', () => {
  expect(g.div(g.scalar(0), x).op).toBe('Div');
});

test('dividing by what has no exact reciprocal stays a division', () => {
  expect(g.div(x, g.scalar(3)).op).toBe('Div');
  expect(g.div(x, g.scalar(0)).op).toBe('Div');
  expect(g.div(x, g.scalar(2 ** -140)).op).toBe('Div');
});

test('switched off, everything stays as it was asked for', () => {
  const plain = new Graph({ algebra: false, reassociation: false });
  const value = plain.input('x', [2], 'float32');
  expect(plain.mul(value, plain.scalar(1)).op).toBe('Mul');
  expect(plain.neg(plain.neg(value)).op).toBe('Neg');
});
