import type { TrainingMetrics } from '@x/trainer-core';

import { formatNumber } from './format.js';
import { aligned } from './table.js';

const COLUMNS = [
  ['training', 'training_'],
  ['validation', 'validation_'],
  ['best', 'best_validation_'],
  ['test', 'test_'],
] as const;

/** What the original files under `training_` besides metrics. */
const NOT_METRICS = ['training_duration', 'training_start_epoch', 'training_epochs'];

/**
 * The metrics of a finished run: a row a metric, a column for training, validation, the best epoch and test. The penalty has
 * a row only where there is one.
 */
export function metricsTable(metrics: TrainingMetrics): string[] {
  const valueOf = (prefix: string, name: string): number | undefined => {
    const value = metrics[`${prefix}${name}`];
    return typeof value === 'number' ? value : undefined;
  };
  const names = new Set(
    COLUMNS.flatMap(([, prefix]) =>
      Object.keys(metrics)
        .filter((key) => key.startsWith(prefix) && !NOT_METRICS.includes(key) && !key.endsWith('_memory_MB'))
        .map((key) => key.slice(prefix.length)),
    ),
  );
  const isShown = (name: string): boolean =>
    name !== 'reg_loss' || COLUMNS.some(([, prefix]) => (valueOf(prefix, name) ?? 0) !== 0);
  const rows = [...names].filter(isShown).sort();
  const columns = COLUMNS.filter(([, prefix]) => rows.some((name) => valueOf(prefix, name) !== undefined));
  return aligned([
    ['', ...columns.map(([title]) => title)],
    ...rows.map((name) => [
      name,
      ...columns.map(([, prefix]) => {
        const value = valueOf(prefix, name);
        return value === undefined ? '' : formatNumber(value);
      }),
    ]),
  ]);
}
