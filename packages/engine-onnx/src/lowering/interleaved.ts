import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';

/** Elements i, i + count, i + 2 count, ... of x, for each i below `count`: one transposition, as slices with a stride are slow. */
export function deinterleaved(g: Builder, x: Value, count: number): Value[] {
  const length = x.size / count;
  const apart = g.transpose(g.reshape(x, [length, count]), [1, 0]);
  return Array.from({ length: count }, (_, i) => g.slice(apart, [i, 0], [1, length]));
}

/** The other way: [length, parts], from parts of one size, of which each has every so many-th element. */
export function interleaved(g: Builder, parts: readonly Value[]): Value {
  const rows = parts.map((part) => g.reshape(part, [1, part.size]));
  return g.transpose(g.concat(rows, 0), [1, 0]);
}
