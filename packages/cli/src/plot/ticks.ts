/**
 * Round numbers for an axis: multiples of 1, 2, 2.5 or 5 times a power of ten, from at or below `low` to at or above `high`.
 * An axis of one value starts or ends at 0.
 */
export function linearTicks(low: number, high: number, about = 5): readonly number[] {
  if (low === high) return low === 0 ? [0, 1] : linearTicks(Math.min(0, low), Math.max(0, high), about);
  const step = roundStep((high - low) / about);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Powers of ten between two positive numbers; where they are fewer than three, also 2 and 5 times powers of ten. */
export function logTicks(low: number, high: number): readonly number[] {
  const decades = powers(low, high, [1]);
  return decades.length >= 3 ? decades : powers(low, high, [1, 2, 5]);
}

/** A short text for a tick: `0.0025`, `2.5e-5`. */
export function tickLabel(value: number): string {
  const short = Number(value.toPrecision(6));
  const size = Math.abs(short);
  return size !== 0 && (size >= 1e6 || size < 1e-4) ? short.toExponential() : String(short);
}

function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 2.5, 5].find((factor) => rough / power <= factor * (1 + 1e-9)) ?? 10);
}

function powers(low: number, high: number, factors: readonly number[]): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  return Array.from({ length: last - first + 1 }, (_, i) => factors.map((factor) => tick(factor, first + i)))
    .flat()
    .filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
}

function tick(factor: number, exponent: number): number {
  return Number(`${factor}e${exponent}`);
}
