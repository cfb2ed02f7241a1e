import type { DType } from '../graph/value.js';
import type { StateMemory } from '../update/memory.js';
import { Block } from './block.js';
import type { OnnxRuntime } from './onnxruntime.js';

/** Blocks that are used again, since the same shapes come back in every step. */
export class BlockPool {
  private readonly free = new Map<string, Block[]>();

  constructor(
    readonly memory: StateMemory,
    readonly runtime: OnnxRuntime,
  ) {}

  take(dtype: DType, length: number): Block {
    return this.free.get(`${dtype}${length}`)?.pop() ?? new Block(this.memory, this.runtime, dtype, length);
  }

  give(block: Block): void {
    if (block.isPlace) return;
    const key = `${block.dtype}${block.length}`;
    const list = this.free.get(key);
    if (list === undefined) this.free.set(key, [block]);
    else list.push(block);
  }

  /** Gives what is not used back to the memory. */
  clear(): void {
    for (const list of this.free.values()) for (const { address } of list) this.memory.release(address);
    this.free.clear();
  }
}
