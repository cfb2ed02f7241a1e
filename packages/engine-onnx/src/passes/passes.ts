import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { batchProducts } from './batch-products.js';
import { clips } from './clips.js';
import { elementwiseBeforeSlices } from './elementwise-before-slices.js';
import { mergeProducts } from './merge-products.js';
import type { Pass } from './pass.js';
import { productBias } from './product-bias.js';
import { splits } from './splits.js';
import type { Renewal } from './rewrite.js';

/**
 * In their order: a bias makes a product one that the others leave alone, and is one of the whole once slices have moved;
 * other passes know slices, not splits.
 */
export const passes: readonly Pass[] = [
  clips,
  mergeProducts,
  batchProducts,
  elementwiseBeforeSlices,
  productBias,
  splits,
];

export interface OptimiseOptions {
  /** Names of passes that are not run. */
  readonly off?: readonly string[];
}

/** Runs the passes, each on what the one before has left; from the given graph's values to those that replace them. */
export function optimise(g: Builder, roots: readonly Value[], { off = [] }: OptimiseOptions = {}): Renewal {
  return passes
    .filter(({ name }) => !off.includes(name))
    .reduce<Renewal>(
      (before, { run }) => {
        const after = run(g, roots.map(before));
        return (old) => after(before(old));
      },
      (old) => old,
    );
}
