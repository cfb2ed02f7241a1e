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
 * There are two vectors: a micro-batch reads the sums so far from one and writes the new ones into the other.
 */
export class GradientVectors {
  private places: ReadonlyMap<string, readonly [Block, Block]> = new Map();
  private addresses: readonly number[] = [];

  constructor(private readonly pool: BlockPool) {}

  /** Makes places for parts, in their order, if there are not. Those of before are given back. */
  reserve(parts: readonly VectorPart[], state: NamedState): void {
    if (parts.every(({ name, length }) => this.places.get(name)?.[0].length === length)) return;
    // parts in use stay where they are until the step is over
    if (parts.some(({ name }) => state.get(name) !== undefined)) return;
    this.dispose();
    const { memory, runtime } = this.pool;
    const bytes = parts.map(({ length }) => Math.ceil((4 * length) / ALIGNMENT) * ALIGNMENT);
    const total = bytes.reduce((sum, each) => sum + each, 0);
    this.addresses = [memory.allocate(total), memory.allocate(total)];
    for (const address of this.addresses) memory.float32(address, total / 4).fill(0);
    let offset = 0;
    this.places = new Map(
      parts.map(({ name, length }, i) => {
        const at = offset;
        offset += bytes[i]!;
        const place = (address: number): Block => new Block(memory, runtime, 'float32', length, address + at);
        return [name, [place(this.addresses[0]!), place(this.addresses[1]!)]];
      }),
    );
  }

  /** The place of a part in the vector that does not hold it now; undefined for one without a place. */
  other(name: string, now: Block | undefined): Block | undefined {
    const places = this.places.get(name);
    return now === places?.[0] ? places?.[1] : places?.[0];
  }

  dispose(): void {
    for (const address of this.addresses) this.pool.memory.release(address);
    this.addresses = [];
    this.places = new Map();
  }
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
    end = address + Math.ceil((4 * length) / ALIGNMENT) * ALIGNMENT;
  }
  return pool.memory.float32(first.address, (end - first.address) / 4);
}
