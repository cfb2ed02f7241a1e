import type { Histogram } from './messages.js';

/** The positive bucket limits of TensorFlow: each 10 % above the one before it. */
const POSITIVE: readonly number[] = (() => {
  const limits: number[] = [];
  for (let limit = 1e-12; limit < 1e20; limit *= 1.1) limits.push(limit);
  return [...limits, Number.MAX_VALUE];
})();

const LIMITS: readonly number[] = [...POSITIVE.map((limit) => -limit).reverse(), 0, ...POSITIVE];

/**
 * Counts values in TensorFlow's buckets, which are narrow near 0. Runs of empty buckets are written as one. Values that
 * are not finite are left out; null if none is left.
 *
 * Source: `tensorflow/core/lib/histogram/histogram.cc` (`EncodeToProto`).
 */
export function histogramOf(values: Iterable<number>): Histogram | null {
  const counts = new Float64Array(LIMITS.length);
  let [min, max, num, sum, sumSquares] = [Infinity, -Infinity, 0, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    counts[firstAbove(value)]! += 1;
    min = Math.min(min, value);
    max = Math.max(max, value);
    num += 1;
    sum += value;
    sumSquares += value * value;
  }
  if (num === 0) return null;
  const shown = [...counts.keys()].filter((i) => counts[i]! > 0 || (counts[i + 1] ?? 1) > 0);
  return {
    min,
    max,
    num,
    sum,
    sumSquares,
    bucketLimit: shown.map((i) => LIMITS[i]!),
    bucket: shown.map((i) => counts[i]!),
  };
}

/** The first bucket whose limit is larger than the value. */
function firstAbove(value: number): number {
  let [low, high] = [0, LIMITS.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (LIMITS[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
