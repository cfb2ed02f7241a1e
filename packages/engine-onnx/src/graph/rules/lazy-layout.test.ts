import { operations } from '../__fixtures__/operations.js';
import { Graph } from '../graph.js';
import type { Value } from '../value.js';

const g = new Graph();
/** A result in ONNX's layout, as TensorFlow.js sees it, and back. */
const channelsLast = (x: Value): Value => g.transpose(x, [0, 2, 3, 1]);
const channelsFirst = (x: Value): Value => g.transpose(x, [0, 3, 1, 2]);
const x = g.input('x', [2, 3, 4, 5], 'float32');
const y = g.input('y', [2, 3, 4, 5], 'float32');
const perChannel = g.input('scale', [3], 'float32');

test('a pair cancels', () => {
  expect(channelsFirst(channelsLast(x))).toBe(x);
});

test('what moves only axes of length 1 is a reshape', () => {
  const single = g.input('single', [2, 1, 4, 5], 'float32');
  expect(channelsLast(single)).toBe(g.reshape(single, [2, 4, 5, 1]));
});

test('nothing is transposed between layers', () => {
  const scaled = g.add(g.mul(channelsLast(x), perChannel), channelsLast(y));
  const layer = g.unary('Relu', scaled);
  expect(operations(channelsFirst(layer))).toEqual({ Reshape: 1, Mul: 1, Add: 1, Relu: 1 });
});

test('sums over all but the channels need no transposition', () => {
  expect(operations(g.sum(channelsLast(x), [0, 1, 2], false))).toEqual({ ReduceSum: 1, Reshape: 1 });
});

test('pieces side by side follow', () => {
  const both = g.concat([channelsLast(x), g.splat(0, [2, 4, 5, 1]), channelsLast(y)], 3);
  expect(channelsFirst(both)).toBe(g.concat([x, g.splat(0, [2, 1, 4, 5]), y], 1));
});

test('a frame follows', () => {
  const frame = [
    [0, 0],
    [1, 0],
    [2, 0],
    [0, 3],
  ] as const;
  expect(channelsFirst(g.pad(channelsLast(x), frame))).toBe(
    g.pad(x, [
      [0, 0],
      [0, 3],
      [1, 0],
      [2, 0],
    ]),
  );
});

test('an axis of length 1 comes and goes without a transposition', () => {
  const wide = g.input('wide', [2, 3, 1, 5], 'float32');
  const sequence = g.unary('Relu', g.reshape(channelsLast(wide), [2, 5, 3]));
  const back = channelsFirst(g.reshape(sequence, [2, 1, 5, 3]));
  expect(back.shape).toEqual([2, 3, 1, 5]);
  expect(operations(back)).not.toHaveProperty('Transpose');
});

test('a choice follows', () => {
  const positive = g.binary('Greater', channelsLast(x), g.scalar(0), 'bool');
  expect(operations(channelsFirst(g.where(positive, channelsLast(y), g.scalar(0))))).toEqual({ Greater: 1, Where: 1 });
});

test('a large value in the other layout is not transposed for it', () => {
  const other = g.input('other', [2, 4, 5, 3], 'float32');
  const sum = g.add(channelsLast(x), other);
  expect(operations(sum)).toEqual({ Transpose: 1, Add: 1 });
  expect(sum.op).toBe('Add');
});

test('products take transposed matrices as they are', () => {
  const [a, b] = [g.input('a', [4, 3], 'float32'), g.input('b', [5, 4], 'float32')];
  expect(operations(g.matmul(g.transpose(a, [1, 0]), g.transpose(b, [1, 0])))).toEqual({ Gemm: 1 });
  const batch = g.input('batch', [2, 5, 4], 'float32');
  expect(operations(g.matmul(batch, g.transpose(batch, [0, 2, 1])))).toEqual({ FusedMatMul: 1 });
});

test('switched off, transpositions stay where they were asked for', () => {
  const plain = new Graph({ lazyLayout: false });
  const value = plain.transpose(plain.input('x', [2, 3], 'float32'), [1, 0]);
  expect(operations(plain.transpose(plain.unary('Relu', value), [1, 0]))).toEqual({ Transpose: 2, Relu: 1 });
});
