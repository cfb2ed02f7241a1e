import type { NamedState } from '@x/trainer-core';

import { ALIGNMENT } from '../update/memory.js';
import { Block } from './block.js';
import type { BlockPool } from './block-pool.js';

/** A tensor of a program's that is kept in a vector. */
export interface VectorPart {
  readonly name: string;
  readonly length: number;
}

/** The folder of the state whose parts are kept together. */
const GRADIENTS = 'gradients/';

export function isGradient(name: string): boolean {
  return name.startsWith(GRADIENTS);
}

/**
 * The gradients of a state, each of them at its place in one vector, so that workers add them up as one, without a copy.
 * A second vector is there once a micro-batch reads the sums so far while it writes the new ones.
 */
export class GradientVectors {
  private parts: readonly VectorPart[] = [];
  private readonly vectors: { readonly address: number; readonly places: ReadonlyMap<string, Block> }[] = [];

  constructor(private readonly pool: BlockPool) {}

  /** Makes places for parts, in their order, if there are not. Those of before are given back. */
  reserve(parts: readonly VectorPart[], state: NamedState): void {
    const places = this.vectors[0]?.places;
    if (parts.every(({ name, length }) => places?.get(name)?.length === length)) return;
    if (isAnyIn(state, parts) || !this.release(state)) return;
    this.parts = parts;
    this.add();
  }

  /** A place for the new value of a part whose old one stands in `now`; undefined for one without a place. */
  other(name: string, now: Block | undefined): Block | undefined {
    const first = this.vectors[0]?.places.get(name);
    if (first === undefined || first !== now) return first;
    if (this.vectors.length === 1) this.add();
    return this.vectors[1]!.places.get(name);
  }

  /** Frees the vectors, and says whether: parts in use stay where they are until the step is over. */
  release(state: NamedState): boolean {
    if (isAnyIn(state, this.parts)) return false;
    for (const { address } of this.vectors.splice(0)) this.pool.memory.release(address);
    return true;
  }

  private add(): void {
    const { memory, runtime } = this.pool;
    const bytes = this.parts.map(({ length }) => alignedBytes(length));
    const address = memory.allocate(bytes.reduce((sum, each) => sum + each, 0));
    let next = address;
    const places = this.parts.map(({ name, length }, i) => {
      const at = next;
      next += bytes[i]!;
      return [name, new Block(memory, runtime, 'float32', length, at)] as const;
    });
    this.vectors.push({ address, places: new Map(places) });
  }
}

function isAnyIn(state: NamedState, parts: readonly VectorPart[]): boolean {
  return parts.some(({ name }) => state.get(name) !== undefined);
}

/**
 * Blocks that stand one after the other, as one vector; null if they do not.
 *
 * @param blocks float32.
 */
export function vectorOver(pool: BlockPool, blocks: readonly Block[]): Float32Array | null {
  const [first] = blocks;
  if (first === undefined) return null;
  let end = first.address;
  for (const { address, length, isPlace } of blocks) {
    if (!isPlace || address !== end) return null;
    end = address + alignedBytes(length);
  }
  return pool.memory.float32(first.address, (end - first.address) / 4);
}

function alignedBytes(length: number): number {
  return Math.ceil((4 * length) / ALIGNMENT) * ALIGNMENT;
}
