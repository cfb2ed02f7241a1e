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

// slices of the original's golden data: [is best, should stop, best epoch] after each value
it.each([
  {
    case: 'plus_p3_ties',
    tracker: () => new MetricTracker(false, 3),
    values: [0.5, 0.5, 0.5, 0.5, 0.6],
    expected: [
      [1, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
      [0, 1, 0],
      [1, 0, 4],
    ],
  },
  {
    case: 'no_patience',
    tracker: () => new MetricTracker(true),
    values: [3, 2, 4, 5, 6, 7],
    expected: [
      [1, 0, 0],
      [1, 0, 1],
      [0, 0, 1],
      [0, 0, 1],
      [0, 0, 1],
      [0, 0, 1],
    ],
  },
  {
    case: 'should_decrease_false',
    tracker: () => new MetricTracker(false, 2),
    values: [1, 2, 0.5, 3, 2.5, 2.9],
    expected: [
      [1, 0, 0],
      [1, 0, 1],
      [0, 0, 1],
      [1, 0, 3],
      [0, 0, 3],
      [0, 1, 3],
    ],
  },
  {
    case: 'nan_later',
    tracker: () => new MetricTracker(true, 2),
    values: [1, Number.NaN, 0.5, Number.NaN, Number.NaN, 0.4],
    expected: [
      [1, 0, 0],
      [0, 0, 0],
      [1, 0, 2],
      [0, 0, 2],
      [0, 1, 2],
      [1, 0, 5],
    ],
  },
  {
    case: 'inf',
    tracker: () => new MetricTracker(true, 2),
    values: [Number.POSITIVE_INFINITY, 5, Number.NEGATIVE_INFINITY, 3, Number.NEGATIVE_INFINITY],
    expected: [
      [1, 0, 0],
      [1, 0, 1],
      [1, 0, 2],
      [0, 0, 2],
      [0, 1, 2],
    ],
  },
  {
    case: 'negative_values',
    tracker: () => new MetricTracker(false, 2),
    values: [-5, -4, -4.5, -3.9, -10, -11],
    expected: [
      [1, 0, 0],
      [1, 0, 1],
      [0, 0, 1],
      [1, 0, 3],
      [0, 0, 3],
      [0, 1, 3],
    ],
  },
])('does as the original does in "$case"', ({ tracker, values, expected }) => {
  expect(after(tracker(), values).map(([best, stop, epoch]) => [Number(best), Number(stop), epoch])).toEqual(expected);
});

it('cleared, it starts over, and keeps its patience and the metrics of the best epoch', () => {
  const tracker = new MetricTracker(true, 2);
  for (const value of [1, 2, 3]) tracker.addMetric(value);
  tracker.bestEpochMetrics = { loss: 1 };
  tracker.clear();
  expect(tracker.stateDict()).toEqual({
    bestSoFar: null,
    bestEpoch: null,
    bestEpochMetrics: { loss: 1 },
    epochsWithNoImprovement: 0,
    isBestSoFar: true,
    epochNumber: 0,
    patience: 2,
    shouldDecrease: true,
  });
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

it('the best epoch is the one that is told, where not every epoch has a value', () => {
  const tracker = new MetricTracker(true);
  tracker.addMetric(3, 2);
  tracker.addMetric(2, 4);
  expect(tracker.bestEpoch).toBe(4);
  tracker.addMetric(1);
  expect(tracker.bestEpoch).toBe(5);
});
