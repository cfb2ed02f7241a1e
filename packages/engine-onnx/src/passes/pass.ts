import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import type { Renewal } from './rewrite.js';

/** Replaces values of a finished graph by others that are equal and computed faster. */
export interface Pass {
  /** By which it is switched off. */
  readonly name: string;
  readonly run: (g: Builder, roots: readonly Value[]) => Renewal;
}
