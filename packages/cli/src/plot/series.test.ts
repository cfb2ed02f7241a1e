import { drawable, extent, thin } from './series.js';
import type { Point } from './series.js';

test('what is not finite cannot be drawn, nor what has no logarithm', () => {
  const points: Point[] = [
    [-1, 1],
    [0, 1],
    [1, NaN],
    [2, Infinity],
    [3, 4],
  ];
  expect(drawable(points)).toEqual([
    [-1, 1],
    [0, 1],
    [3, 4],
  ]);
  expect(drawable(points, true)).toEqual([[3, 4]]);
});

test('the extent of numbers, and of none', () => {
  expect(extent([3, -1, 2])).toEqual([-1, 3]);
  expect(extent([])).toEqual([0, 1]);
});

test('a curve of few points stays as it is', () => {
  const points: Point[] = [
    [0, 1],
    [1, 2],
  ];
  expect(thin(points, 2)).toBe(points);
});

test('a long curve keeps its ends and its peaks, and gets short', () => {
  const points = Array.from({ length: 10_000 }, (_, x): Point => [x, x === 4321 ? 50 : x === 7654 ? -50 : x / 10_000]);
  const short = thin(points, 10);
  expect(short.length).toBeLessThanOrEqual(40);
  expect(short[0]).toEqual([0, 0]);
  expect(short.at(-1)).toEqual([9999, 0.9999]);
  expect(short).toContainEqual([4321, 50]);
  expect(short).toContainEqual([7654, -50]);
  expect(short.map(([x]) => x)).toEqual(short.map(([x]) => x).sort((a, b) => a - b));
});
