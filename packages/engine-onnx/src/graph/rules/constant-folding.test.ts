import { Graph } from '../graph.js';
import type { Value } from '../value.js';

const g = new Graph();
const floats = (data: readonly number[], shape: readonly number[]): Value =>
  g.constant(Float32Array.from(data), shape, 'float32');
const ints = (data: readonly number[], shape: readonly number[]): Value =>
  g.constant(Int32Array.from(data), shape, 'int32');

/** The elements of what must be known. */
function known(value: Value): number[] {
  return Array.from(g.dataOf(value)!, Number);
}

const m = floats([1, 2, 3, 4, 5, 6], [2, 3]);

describe('of constants', () => {
  test.each([
    ['a sum', g.add(m, floats([10, 20, 30], [3])), [11, 22, 33, 14, 25, 36]],
    ['a sum with a column', g.add(m, floats([10, 20], [2, 1])), [11, 12, 13, 24, 25, 26]],
    ['a quotient of whole numbers', g.div(ints([7, -7], [2]), g.scalar(2, 'int32')), [3, -3]],
    [
      'a product of whole numbers that overflows',
      g.mul(ints([65536, 3], [2]), g.scalar(65537, 'int32')),
      [65536, 196611],
    ],
    ['a comparison', g.binary('Less', m, g.scalar(3), 'bool'), [1, 1, 0, 0, 0, 0]],
    ['a function', g.unary('Square', m, { fold: (x) => x * x }), [1, 4, 9, 16, 25, 36]],
    ['a cast', g.cast(floats([-1.5, 2.5], [2]), 'int32'), [-1, 2]],
    ['a cast to bool', g.cast(floats([0, 0.5], [2]), 'bool'), [0, 1]],
    ['a transposition', g.transpose(m, [1, 0]), [1, 4, 2, 5, 3, 6]],
    ['a slice', g.stridedSlice(m, [0, 0], [2, 3], [1, 2]), [1, 3, 4, 6]],
    ['a reversal', g.reverse(m, 1), [3, 2, 1, 6, 5, 4]],
    ['pieces side by side', g.concat([m, floats([7, 8], [2, 1])], 1), [1, 2, 3, 7, 4, 5, 6, 8]],
  ])('%s is known', (_, value, elements) => {
    expect(known(value)).toEqual(elements);
  });

  test('a reshape keeps the elements', () => {
    expect(g.reshape(m, [3, 2])).toBe(floats([1, 2, 3, 4, 5, 6], [3, 2]));
  });

  test('large results are left to ONNX Runtime', () => {
    const row = floats(
      Array.from({ length: 2 ** 11 }, (_, i) => i),
      [2 ** 11],
    );
    expect(g.add(row, g.reshape(row, [2 ** 11, 1])).op).toBe('Add');
  });

  test('a division of whole numbers by 0 stays', () => {
    expect(g.div(g.scalar(1, 'int32'), g.scalar(0, 'int32')).op).toBe('Div');
    expect(g.div(ints([1, 2], [2]), ints([0, 2], [2])).op).toBe('Div');
  });
});

describe('of one number everywhere', () => {
  const half = g.splat(0.5, [2, 3]);

  test.each([
    ['a sum', g.add(half, g.scalar(1)), g.splat(1.5, [2, 3])],
    ['a sum over an axis', g.sum(half, [1], false), g.splat(1.5, [2])],
    ['a mean', g.reduce('ReduceMean', half, [0, 1], false), g.scalar(0.5)],
    ['a product over an axis', g.reduce('ReduceProd', half, [1], true), g.splat(0.125, [2, 1])],
    ['a maximum', g.reduce('ReduceMax', half, [0], false), g.splat(0.5, [3])],
    ['a broadcast', g.expand(half, [4, 2, 3]), g.splat(0.5, [4, 2, 3])],
    ['neighbours', g.concat([half, half], 0), g.splat(0.5, [4, 3])],
    [
      'a frame of the same',
      g.pad(
        half,
        [
          [1, 0],
          [0, 1],
        ],
        0.5,
      ),
      g.splat(0.5, [3, 4]),
    ],
  ])('%s is one number', (_, value, expected) => {
    expect(value).toBe(expected);
  });

  test('a choice by a known condition is made', () => {
    const [x, y] = [g.input('x', [2], 'float32'), g.input('y', [2], 'float32')];
    expect(g.where(g.splat(1, [2], 'bool'), x, y)).toBe(x);
    expect(g.where(g.splat(0, [2], 'bool'), x, y)).toBe(y);
  });

  test('a fraction in 32 bits is rounded as such', () => {
    expect(g.splatValue(g.add(g.scalar(0.1), g.scalar(0.2)))).toBe(Math.fround(Math.fround(0.1) + Math.fround(0.2)));
  });
});

test('switched off, nothing is known', () => {
  const plain = new Graph({ constantFolding: false, lazyBroadcast: false });
  expect(plain.add(plain.scalar(1), plain.scalar(2)).op).toBe('Add');
});
