import type { MetricValues } from '@x/trainer-core';
import { withDecimals } from '@x/trainer-core';

const WIDTH = 8;

/**
 * The metrics of an epoch, a row a metric, by name:
 *
 * ```text
 *               Training |  Validation
 * accuracy  |     0.750  |     0.667
 * loss      |     1.500  |       N/A
 * ```
 *
 * Source: `TensorboardWriter.log_metrics` of AllenNLP 1.0
 */
export function metricsTable(training: Readonly<MetricValues>, validation: Readonly<MetricValues>): string[] {
  const names = [...new Set([...Object.keys(training), ...Object.keys(validation)])].sort();
  const nameWidth = Math.max(0, ...names.map(({ length }) => length));
  return [
    `${'Training'.padStart(nameWidth + 13)} |  Validation`,
    ...names.map((name) => `${name.padEnd(nameWidth)} |  ${cell(training[name])}  |  ${cell(validation[name])}`),
  ];
}

function cell(value: number | undefined): string {
  return (value === undefined ? 'N/A' : withDecimals(value, 3)).padStart(WIDTH);
}
