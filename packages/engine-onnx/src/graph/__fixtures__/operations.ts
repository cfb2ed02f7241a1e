import type { Value } from '../value.js';
import { nodesBelow } from '../walk.js';

/** How many nodes there are of each operation, below some values; without what is not computed. */
export function operations(...roots: readonly Value[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of nodesBelow(roots)) {
    if (op !== 'Input' && op !== 'Splat' && op !== 'Constant') counts[op] = (counts[op] ?? 0) + 1;
  }
  return counts;
}
