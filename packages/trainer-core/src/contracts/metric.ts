import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';
import type { Batch, Outputs } from './batch.js';

/** Values by metric name, as they are logged and written. */
export type MetricValues = Record<string, number>;

/**
 * Something measured over many batches. Its whole state is a flat set of sums and counts, so that workers' metrics are
 * combined by adding them; values are a pure function of the sums.
 */
export abstract class Metric {
  static readonly kind: string = 'metric';
  static readonly register: Register<Metric> = registerFor('metric');

  /** Adds one batch. `outputs` and `batch` are read, never kept or disposed. */
  abstract update(outputs: Readonly<Outputs>, batch: Batch): void | Promise<void>;

  /** The sums and counts so far, all of them additive over batches and over workers. */
  abstract sums(): Readonly<Record<string, number>>;

  /** The values that given sums stand for; without any example, 0 as the original has it. */
  abstract compute(sums: Readonly<Record<string, number>>): MetricValues;

  /** Forgets everything. */
  abstract reset(): void;

  /** Goes on from saved sums (a resume in the middle of an epoch). */
  abstract load(sums: Readonly<Record<string, number>>): void;
}
