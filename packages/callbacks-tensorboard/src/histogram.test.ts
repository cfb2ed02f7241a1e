import { histogramOf } from './histogram.js';

test('counts, sums and extremes are those of the values', () => {
  expect(histogramOf([3, -1, 2, 2])).toMatchObject({ min: -1, max: 3, num: 4, sum: 6, sumSquares: 18 });
});

test('every value lies below the limit of its bucket and not below the one before', () => {
  const values = [-5, -1e-13, 0, 1e-13, 1e-12, 0.5, 0.5, 3e30];
  const { bucketLimit, bucket } = histogramOf(values)!;
  expect([...bucketLimit].sort((a, b) => a - b)).toEqual(bucketLimit);
  bucketLimit.forEach((limit, i) => {
    const from = i === 0 ? -Infinity : bucketLimit[i - 1]!;
    expect(bucket[i]).toBe(values.filter((value) => value >= from && value < limit).length);
  });
});

test('buckets grow by 10 % from 1e-12, and empty ones are merged', () => {
  const { bucketLimit, bucket } = histogramOf([1.05e-12])!;
  // everything below 1e-12, the bucket [1e-12, 1.1e-12), everything above
  expect(bucketLimit).toEqual([1e-12, 1e-12 * 1.1, Number.MAX_VALUE]);
  expect(bucket).toEqual([0, 1, 0]);
});

test('values that are not finite are left out', () => {
  expect(histogramOf([NaN, 1, Infinity, -Infinity])).toMatchObject({ num: 1, sum: 1 });
  expect(histogramOf([NaN])).toBeNull();
  expect(histogramOf([])).toBeNull();
});
