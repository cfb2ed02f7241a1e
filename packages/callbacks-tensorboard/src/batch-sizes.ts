import type { Batch } from '@x/trainer-core';
import { batchSize } from '@x/trainer-core';

/** Follows how many examples a step has. The mean runs over all steps that this process made, as in the original. */
export class BatchSizes {
  private steps = 0;
  private examples = 0;

  /** @param interval report the 1st of every so many steps; null reports none. */
  constructor(private readonly interval: number | null) {}

  /** Counts a step; what to report of it, or null. */
  count(group: readonly Batch[]): { readonly current: number; readonly mean: number } | null {
    if (this.interval === null) return null;
    const current = group.reduce((sum, batch) => sum + batchSize(batch), 0);
    this.steps += 1;
    this.examples += current;
    return (this.steps - 1) % this.interval === 0 ? { current, mean: this.examples / this.steps } : null;
  }
}
