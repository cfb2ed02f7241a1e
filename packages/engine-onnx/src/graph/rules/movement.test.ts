import { operations } from '../__fixtures__/operations.js';
import { Graph } from '../graph.js';
import type { Value } from '../value.js';

const g = new Graph();
const x = g.input('x', [4, 6], 'float32');
const y = g.input('y', [4, 2], 'float32');
const columns = (from: number, count: number): Value => g.slice(x, [0, from], [4, count]);

test.each([
  ['a slice of a slice', g.slice(columns(1, 4), [1, 2], [2, 2]), g.slice(x, [1, 3], [2, 2])],
  [
    'steps in steps',
    g.stridedSlice(g.stridedSlice(x, [0, 1], [4, 6], [1, 2]), [0, 1], [4, 3], [1, 1]),
    g.stridedSlice(x, [0, 3], [4, 6], [1, 2]),
  ],
  ['a slice of a piece', g.slice(g.concat([x, y], 1), [1, 6], [2, 2]), g.slice(y, [1, 0], [2, 2])],
  ['a piece', g.slice(g.concat([x, y], 1), [0, 6], [4, 2]), y],
  [
    'what was padded',
    g.slice(
      g.pad(x, [
        [1, 0],
        [2, 3],
      ]),
      [1, 2],
      [4, 6],
    ),
    x,
  ],
  [
    'less than was padded',
    g.pad(
      g.pad(x, [
        [0, 0],
        [2, 3],
      ]),
      [
        [0, 0],
        [-2, -3],
      ],
    ),
    x,
  ],
  [
    'padding of padding',
    g.pad(
      g.pad(x, [
        [1, 0],
        [0, 2],
      ]),
      [
        [1, 1],
        [0, 1],
      ],
    ),
    g.pad(x, [
      [2, 1],
      [0, 3],
    ]),
  ],
  ['slices side by side', g.concat([columns(0, 2), columns(2, 1), columns(3, 3)], 1), x],
  ['some slices side by side', g.concat([y, columns(1, 2), columns(3, 2)], 1), g.concat([y, columns(1, 4)], 1)],
  ['pieces of pieces', g.concat([g.concat([x, y], 1), y], 1), g.concat([x, y, y], 1)],
  ['twice turned around', g.reverse(g.reverse(x, 1), 1), x],
] as const)('%s', (_, value, expected) => {
  expect(value).toBe(expected);
});

describe('pieces padded to the whole, as the gradients of slices are', () => {
  const padded = (from: number, count: number): Value =>
    g.pad(columns(from, count), [
      [0, 0],
      [from, 6 - from - count],
    ]);

  test('are side by side when they are added in order', () => {
    expect(g.add(g.add(padded(4, 2), padded(3, 1)), padded(0, 3))).toBe(x);
    expect(g.add(padded(1, 2), padded(3, 1))).toBe(padded(1, 3));
  });

  test('are side by side in a sum with something else', () => {
    const other = g.input('other', [4, 6], 'float32');
    expect(g.add(g.add(other, padded(0, 3)), padded(3, 3))).toBe(g.add(other, x));
  });

  test('stay a sum where they overlap or leave a gap', () => {
    expect(g.add(padded(0, 3), padded(2, 2)).op).toBe('Add');
    expect(g.add(padded(0, 3), padded(4, 2)).op).toBe('Add');
  });
});

test('steps of a sequence, as matrices below each other, are the sequence', () => {
  const sequence = g.input('sequence', [3, 2, 5], 'float32');
  const steps = [0, 1, 2].map((t) => g.reshape(g.slice(sequence, [t, 0, 0], [1, 2, 5]), [2, 5]));
  expect(g.concat(steps, 0)).toBe(g.reshape(sequence, [6, 5]));
  expect(operations(g.concat(steps, 1))).toMatchObject({ Concat: 1 });
  expect(operations(g.concat(steps.toReversed(), 0))).toMatchObject({ Concat: 1 });
});

test('a slice over two pieces stays', () => {
  expect(g.slice(g.concat([x, y], 1), [0, 5], [4, 2]).op).toBe('Slice');
});

test('padding with another number stays apart', () => {
  const frame = [
    [1, 1],
    [1, 1],
  ] as const;
  expect(operations(g.pad(g.pad(x, frame, 1), frame, 0))).toEqual({ Pad: 2 });
});

test('switched off, elements are moved as often as asked', () => {
  const plain = new Graph({ movement: false });
  const value = plain.input('x', [4, 6], 'float32');
  expect(operations(plain.slice(plain.slice(value, [0, 1], [4, 4]), [0, 1], [4, 2]))).toEqual({ Slice: 2 });
});
