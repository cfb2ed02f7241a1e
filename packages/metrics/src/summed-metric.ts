import { Metric } from '@x/trainer-core';

import { Totals } from './totals.js';

/** A metric whose whole state is named sums, which its updates add to. */
export abstract class SummedMetric extends Metric {
  protected readonly totals: Totals;

  /** @param names of the sums that are there from the start. */
  protected constructor(names: readonly string[]) {
    super();
    this.totals = new Totals(names);
  }

  override sums(): Readonly<Record<string, number>> {
    return this.totals.sums;
  }

  override reset(): void {
    this.totals.reset();
  }

  override load(sums: Readonly<Record<string, number>>): void {
    this.totals.load(sums);
  }
}
