import { algebra } from './rules/algebra.js';
import { constantFolding } from './rules/constant-folding.js';
import { lazyBroadcast } from './rules/lazy-broadcast.js';
import { lazyLayout } from './rules/lazy-layout.js';
import { movement } from './rules/movement.js';
import { reassociation } from './rules/reassociation.js';
import { firstOf } from './rules/rules.js';
import type { Rules } from './rules/rules.js';

/** By name, in the order in which they are asked. */
const SIMPLIFICATIONS = { constantFolding, lazyBroadcast, algebra, movement, reassociation, lazyLayout };

/** The simplifications that a graph makes while it is built. */
export type Simplification = keyof typeof SIMPLIFICATIONS;

/** What a graph may do. All of it by default; without, results are the same up to rounding. */
export type GraphOptions = { readonly [Name in Simplification]?: boolean };

export const simplifications = Object.keys(SIMPLIFICATIONS) as readonly Simplification[];

export function rulesFor(options: GraphOptions): Rules {
  return firstOf(simplifications.filter((name) => options[name] !== false).map((name) => SIMPLIFICATIONS[name]));
}
