import { mean, norm, standardDeviation } from './statistics.js';

test('of 2, 4, 4, 4, 5, 5, 7, 9 the mean is 5 and the sum of squared deviations 32', () => {
  const values = [2, 4, 4, 4, 5, 5, 7, 9];
  expect(mean(values)).toBe(5);
  expect(standardDeviation(values)).toBe(Math.sqrt(32 / 7));
});

test('one value has no deviation, and no values have no mean', () => {
  expect(mean([3])).toBe(3);
  expect(standardDeviation([3])).toBeNull();
  expect(mean([])).toBeNull();
  expect(standardDeviation([])).toBeNull();
});

test('the norm of 3 and 4 is 5', () => {
  expect(norm([3, -4])).toBe(5);
});
