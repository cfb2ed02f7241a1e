import type * as tf from '@tensorflow/tfjs-core';

import { log } from '../log.js';
import type { NamedState } from '../state/named-state.js';
import type { CompiledProgram } from './compiled-program.js';
import type { SymbolicValue } from './target.js';

/** One program at one set of shapes. */
export interface CacheEntry {
  readonly key: string;
  /** How often it has been asked for. */
  runs: number;
  /** How often it was compared with the eager engine. */
  validated: number;
  /** How many runs of it are under way: its programs are freed after the last of them. */
  users: number;
  /** Whether it is in the cache no more. */
  dropped: boolean;
  /** One for each combination of temporaries, and of their shapes and types, that it has met. */
  readonly variants: Variant[];
}

export interface Variant {
  /** By name, the temporary's shape and type, undefined where there was none. */
  readonly temporaries: ReadonlyMap<string, SymbolicValue | undefined>;
  /** Undefined where it cannot be compiled and runs eagerly. */
  readonly compiled: CompiledProgram | undefined;
}

/** More shapes of one program than this are worth a word. */
const MANY_SHAPES = 16;

/** The compiled programs of one state, those used last. */
export class ProgramCache {
  private readonly entries = new Map<string, CacheEntry>();
  private readonly shapes = new Map<string, number>();

  constructor(private readonly limit: number) {}

  /** The entry of a key; a new one after `runs` runs in an earlier process. */
  entry(program: string, key: string, runs: (key: string) => number): CacheEntry {
    const known = this.entries.get(key);
    if (known !== undefined) {
      this.entries.delete(key);
      this.entries.set(key, known);
      return known;
    }
    this.countShape(program);
    const entry: CacheEntry = { key, runs: runs(key), validated: 0, users: 0, dropped: false, variants: [] };
    this.entries.set(key, entry);
    if (this.entries.size > this.limit) {
      const [oldest, dropped] = this.entries.entries().next().value!;
      this.entries.delete(oldest);
      drop(dropped);
    }
    return entry;
  }

  dispose(): void {
    for (const entry of this.entries.values()) drop(entry);
    this.entries.clear();
  }

  private countShape(program: string): void {
    const count = (this.shapes.get(program) ?? 0) + 1;
    this.shapes.set(program, count);
    if (count !== MANY_SHAPES + 1) return;
    log.warn(
      `"${program}" has met ${count} shapes of batches and is compiled for each, ${this.limit} of which are kept: pad batches ` +
        'to a few lengths (padToMultipleOf or padLengths of the data loader)',
    );
  }
}

/** The variant for the temporaries that a state has now. */
export function variantFor(entry: CacheEntry, state: NamedState): Variant | undefined {
  return entry.variants.find(({ temporaries }) => {
    for (const [name, expected] of temporaries) if (!isAlike(state.get(name), expected)) return false;
    return true;
  });
}

function isAlike(actual: tf.Tensor | undefined, expected: SymbolicValue | undefined): boolean {
  if (actual === undefined || expected === undefined) return actual === expected;
  const { dtype, shape } = expected;
  return (
    actual.dtype === dtype &&
    actual.rank === shape.length &&
    actual.shape.every((length, axis) => length === shape[axis])
  );
}

/** A run with an entry, which other runs, or the end of the engine, may drop from the cache meanwhile. */
export async function using<R>(entry: CacheEntry, run: () => Promise<R>): Promise<R> {
  entry.users += 1;
  try {
    return await run();
  } finally {
    entry.users -= 1;
    freeUnused(entry);
  }
}

function drop(entry: CacheEntry): void {
  entry.dropped = true;
  freeUnused(entry);
}

function freeUnused({ dropped, users, variants }: CacheEntry): void {
  if (!dropped || users > 0) return;
  for (const { compiled } of variants.splice(0)) compiled?.dispose();
}
