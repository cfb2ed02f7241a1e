import { linearTicks, logTicks, tickLabel } from './ticks.js';

test.each([
  [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [0, 0.001, [0, 0.0002, 0.0004, 0.0006, 0.0008, 0.001]],
  [0.05, 0.93, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [-3, 7, [-4, -2, 0, 2, 4, 6, 8]],
  [0.3, 0.3, [0, 0.1, 0.2, 0.3]],
  [-0.3, -0.3, [-0.3, -0.2, -0.1, 0]],
  [0, 0, [0, 1]],
])('from %d to %d the axis has round numbers around them', (low, high, expected) => {
  expect(linearTicks(low, high)).toEqual(expected);
});

test('a logarithmic axis has powers of ten, and more where there are few', () => {
  expect(logTicks(1e-7, 10)).toEqual([1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10]);
  expect(logTicks(0.003, 0.6)).toEqual([0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5]);
});

test.each([
  [0, '0'],
  [0.30000000000000004, '0.3'],
  [-0.0025, '-0.0025'],
  [0.000025, '2.5e-5'],
  [1500, '1500'],
  [2_000_000, '2e+6'],
])('%d is written %s', (value, label) => {
  expect(tickLabel(value)).toBe(label);
});
