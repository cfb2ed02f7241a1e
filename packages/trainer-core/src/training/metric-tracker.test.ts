import { ConfigError } from '../errors.js';
import { withLog } from '../log.js';
import { MetricTracker, parseWatchedMetric } from './metric-tracker.js';

const after = (tracker: MetricTracker, values: readonly number[]): [boolean, boolean, number | null][] =>
  values.map((value) => {
    tracker.addMetric(value);
    return [tracker.isBestSoFar, tracker.shouldStopEarly(), tracker.bestEpoch];
  });

it('follows a decreasing metric with patience 2 (the original\'s "minus_p2")', () => {
  expect(after(new MetricTracker(true, 2), [1, 0.9, 0.95, 0.97, 0.8])).toEqual([
    [true, false, 0],
    [true, false, 1],
    [false, false, 1],
    [false, true, 1],
    [true, false, 4],
  ]);
});

it('a tie is no improvement', () => {
  expect(after(new MetricTracker(false), [1, 1])).toEqual([
    [true, false, 0],
    [false, false, 0],
  ]);
});

it('a NaN is never the best, not even as the first value', () => {
  expect(after(new MetricTracker(true, 3), [Number.NaN, 5, Number.NaN])).toEqual([
    [false, false, null],
    [true, false, 1],
    [false, false, 1],
  ]);
});

it('counts as best before any value', () => {
  expect(new MetricTracker(true).isBestSoFar).toBe(true);
});

it('goes on from its state, with its own patience and a warning where the saved one differs', () => {
  const saved = new MetricTracker(true, 5);
  saved.addMetric(1);
  saved.addMetric(2);
  const warnings: string[] = [];
  const tracker = new MetricTracker(true, 1);
  withLog({ info: () => undefined, warn: (message) => warnings.push(message) }, () =>
    tracker.loadStateDict(saved.stateDict()),
  );
  expect(warnings).toEqual(['the checkpoint was made with patience 5; going on with 1 as configured']);
  expect(tracker.shouldStopEarly()).toBe(true);
  expect(after(tracker, [0.5])).toEqual([[true, false, 2]]);
});

it.each([
  ['-loss', { name: 'loss', shouldDecrease: true }],
  ['+f1', { name: 'f1', shouldDecrease: false }],
])('reads %s', (signed, watched) => {
  expect(parseWatchedMetric(signed)).toEqual(watched);
});

it.each(['loss', '', '-'])('refuses "%s"', (signed) => {
  expect(() => parseWatchedMetric(signed)).toThrow(ConfigError);
});
