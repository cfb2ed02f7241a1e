import { ConfigError, MetricError } from '../errors.js';
import { schedulerMetricName, WatchedMetrics } from './watched-metrics.js';

const metrics = { f1: 0.75, accuracy: 0.5, loss: 2 };

test('one metric is watched as it is, in the direction of its sign; its score grows with what is better', () => {
  const loss = new WatchedMetrics('-loss');
  expect([loss.value(metrics), loss.score(metrics), loss.shouldDecrease]).toEqual([2, -2, true]);
  const f1 = new WatchedMetrics('+f1');
  expect([f1.value(metrics), f1.score(metrics), f1.shouldDecrease]).toEqual([0.75, 0.75, false]);
});

test('of several the signed sum is watched, and more is better', () => {
  const sum = new WatchedMetrics(['+f1', '+accuracy', '-loss']);
  expect([sum.value(metrics), sum.score(metrics), sum.shouldDecrease]).toEqual([-0.75, -0.75, false]);
});

test('a metric that the model does not produce, and a name without a sign, are told', () => {
  expect(() => new WatchedMetrics(['-loss', '+bleu']).value(metrics)).toThrow(MetricError);
  expect(() => new WatchedMetrics('+bleu').score(metrics)).toThrow(/"bleu".*accuracy, f1, loss/);
  expect(() => new WatchedMetrics(['+f1', 'loss'])).toThrow(ConfigError);
});

test.each([
  ['-loss', 'value', '-loss'],
  ['-loss', 'score', '+-loss'],
  [['+f1', '-loss'], 'value', '++f1-loss'],
] as const)('of %j the %s has a name whose sign is the direction for schedulers', (signed, what, name) => {
  expect(schedulerMetricName(signed, what)).toBe(name);
});
