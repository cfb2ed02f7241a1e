import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';

/**
 * The adjoint of cutting lines i, i + stride, i + 2 stride, ... out of [outer, length, inner]: a sum in which element j of
 * part i, [outer, n, inner], stands at i + j stride. Parts that a stride keeps apart are joined, the others are added.
 */
export function laidTogether(g: Builder, parts: readonly Value[], stride: number, length: number): Value {
  const [outer, n, inner] = parts[0]!.shape as [number, number, number];
  const rounds = n + Math.floor((parts.length - 1) / stride);
  const moved = (part: Value, by: number): Value => {
    const along = [by, rounds - n - by] as const;
    return g.pad(part, [[0, 0], along, [0, 0]]);
  };
  const residues = Array.from({ length: stride }, (_, residue) => {
    const sum = parts
      .filter((_part, i) => i % stride === residue)
      .map(moved)
      .reduce<Value | undefined>((total, part) => (total === undefined ? part : g.add(total, part)), undefined);
    return g.reshape(sum ?? g.splat(0, [outer, rounds, inner]), [outer, rounds, 1, inner]);
  });
  const joined = g.reshape(g.concat(residues, 2), [outer, rounds * stride, inner]);
  return g.slice(joined, [0, 0, 0], [outer, length, inner]);
}
