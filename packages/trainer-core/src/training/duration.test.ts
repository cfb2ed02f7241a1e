import { formatDuration } from './duration.js';

// what Python prints for timedelta(milliseconds=...)
it.each([
  [0, '0:00:00'],
  [1234.567, '0:00:01.234567'],
  [3_723_000, '1:02:03'],
  [86_400_000, '1 day, 0:00:00'],
  [180_000_500, '2 days, 2:00:00.500000'],
])('%d ms is %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});
