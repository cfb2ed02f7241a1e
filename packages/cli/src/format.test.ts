import { formatDuration, formatMetrics, formatNumber, formatSeconds } from './format.js';

it.each([
  [3, '3'],
  [0.123456, '0.1235'],
  [0.00001234, '1.234e-5'],
  [12345678.5, '1.235e+7'],
])('formatNumber(%d) is %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

it.each([
  [7.4, '7 s'],
  [125, '2 min 5 s'],
  [3780, '1 h 3 min'],
])('formatSeconds(%d) is %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

it.each([
  ['0:00:00.721000', '0.7 s'],
  ['0:00:09.960000', '10 s'],
  ['0:03:12', '3 min 12 s'],
  ['1 day, 2:00:00', '26 h 0 min'],
  ['2 days, 0:01:00.5', '48 h 1 min'],
  ['a while', 'a while'],
])('formatDuration(%s) is %s', (duration, text) => {
  expect(formatDuration(duration)).toBe(text);
});

it('formatMetrics lists names and values', () => {
  expect(formatMetrics({ accuracy: 0.5, loss: 1 })).toBe('accuracy 0.5000  loss 1');
});
