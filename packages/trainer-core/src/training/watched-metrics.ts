import type { MetricValues } from '../contracts/metric.js';
import { MetricError } from '../errors.js';
import { parseWatchedMetric } from './metric-tracker.js';
import type { WatchedMetric } from './metric-tracker.js';

/**
 * The validation metrics that say how good an epoch was. One metric is watched as it is, smaller or larger being better by
 * its sign; of several the signed sum is, and larger is better.
 */
export class WatchedMetrics {
  private readonly metrics: readonly WatchedMetric[];
  private readonly single: WatchedMetric | null;

  /**
   * @param signed `-loss`, or `['+f1', '-loss']`.
   * @throws ConfigError (`X_CONFIG_INVALID`) for a name without a sign.
   */
  constructor(signed: string | readonly string[]) {
    this.metrics = [signed].flat().map((name) => parseWatchedMetric(name));
    this.single = typeof signed === 'string' ? this.metrics[0]! : null;
  }

  get shouldDecrease(): boolean {
    return this.single?.shouldDecrease ?? false;
  }

  /** What is watched. @throws MetricError (`X_METRIC_UNKNOWN`) if a metric is not among those given. */
  value(metrics: Readonly<MetricValues>): number {
    return this.single === null ? this.score(metrics) : valueOf(this.single, metrics);
  }

  /** The sum of the metrics, negated where smaller is better. @throws MetricError (`X_METRIC_UNKNOWN`) */
  score(metrics: Readonly<MetricValues>): number {
    return this.metrics.reduce((sum, metric) => {
      const value = valueOf(metric, metrics);
      return metric.shouldDecrease ? sum - value : sum + value;
    }, 0);
  }
}

/** The signed name of what metric-driven schedulers get: that of a score begins with +, for it is to grow. */
export function schedulerMetricName(signed: string | readonly string[], schedulerMetric: 'value' | 'score'): string {
  if (typeof signed === 'string' && schedulerMetric === 'value') return signed;
  return `+${[signed].flat().join('')}`;
}

function valueOf({ name }: WatchedMetric, metrics: Readonly<MetricValues>): number {
  const value = metrics[name];
  if (value !== undefined) return value;
  throw new MetricError(
    'X_METRIC_UNKNOWN',
    `the validation metric "${name}" is not produced by the model; available are ${Object.keys(metrics).sort().join(', ')}`,
  );
}
