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

/** From here on JavaScript writes powers of ten; no number so large has decimals. */
const POWERS_FROM = 1e21;

/**
 * A number with that many decimals, however large, and with the sign of a negative zero; `nan`, `inf` and `-inf` for those
 * that have none.
 */
export function withDecimals(value: number, decimals: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Math.abs(value) >= POWERS_FROM) return `${BigInt(value)}.${'0'.repeat(decimals)}`;
  return `${Object.is(value, -0) ? '-' : ''}${value.toFixed(decimals)}`;
}
