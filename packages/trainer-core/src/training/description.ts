import { log } from '../log.js';

let warnedOfHidden = false;

/**
 * Metrics in one line, as a progress bar has them: `accuracy: 0.5123, loss: 1.2346 ||`. Names that start with an underscore
 * are left out, with a warning the first time.
 *
 * Source: `description_from_metrics` of AllenNLP 1.0
 */
export function descriptionFromMetrics(metrics: Readonly<Record<string, number>>): string {
  const shown = Object.entries(metrics).filter(([name]) => !name.startsWith('_'));
  if (shown.length < Object.keys(metrics).length && !warnedOfHidden) {
    warnedOfHidden = true;
    log.warn('metrics whose names begin with "_" are not shown in progress');
  }
  return `${shown.map(([name, value]) => `${name}: ${withDecimals(value, 4)}`).join(', ')} ||`;
}

/** A number with that many decimals, and `nan`, `inf` and `-inf` for those that have none. */
export function withDecimals(value: number, decimals: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return value.toFixed(decimals);
}
