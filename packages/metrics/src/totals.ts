/** Named sums of a metric. A name that was never added to is 0. */
export class Totals {
  private values: Record<string, number> = {};

  /** @param names that are there from the start. */
  constructor(private readonly names: readonly string[]) {
    this.reset();
  }

  add(name: string, amount: number): void {
    this.values[name] = (this.values[name] ?? 0) + amount;
  }

  get sums(): Readonly<Record<string, number>> {
    return { ...this.values };
  }

  reset(): void {
    this.load({});
  }

  /** Goes on from saved sums. */
  load(sums: Readonly<Record<string, number>>): void {
    this.values = { ...Object.fromEntries(this.names.map((name) => [name, 0])), ...sums };
  }
}

/** `part / whole`, and 0 where there is nothing: the original's value before the first example. */
export function ratio(part = 0, whole = 0): number {
  return whole === 0 ? 0 : part / whole;
}
