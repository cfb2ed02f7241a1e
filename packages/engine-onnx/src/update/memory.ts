import { EngineError } from '@x/trainer-core';

import type { DType, TypedArray } from '../graph/value.js';
import { wasm } from './webassembly.js';
import type { WasmMemory } from './webassembly.js';

/** Blocks start and end at multiples of this many bytes: a line of the processor's cache, and what a kernel reads at once. */
export const ALIGNMENT = 64;

const PAGE = 65536;

export interface MemoryLimits {
  /** What it has at once. Default: one page. */
  readonly initialBytes?: number;
  /** Default: 4 GiB, which is as far as addresses of 32 bits reach, less a page, so that all ends have addresses too. */
  readonly maximumBytes?: number;
}

/** A part of the memory. */
interface Span {
  readonly address: number;
  readonly bytes: number;
}

/**
 * One WebAssembly memory in which blocks are allocated: kernels work in it, and ONNX Runtime reads and writes views of it
 * without a copy. It is not shared between threads, since ONNX Runtime refuses views of shared memory.
 *
 * Addresses are bytes, stay valid until they are freed, and are never 0. Growing detaches all views, see {@link generation}.
 */
export class StateMemory {
  readonly wasm: WasmMemory;
  private readonly maximumBytes: number;
  private readonly used = new Map<number, number>();
  /** Free blocks by address; no two of them touch. */
  private free: Span[];
  private growths = 0;

  constructor({ initialBytes = PAGE, maximumBytes = 2 ** 32 - PAGE }: MemoryLimits = {}) {
    const initial = Math.max(1, Math.ceil(initialBytes / PAGE));
    this.wasm = new wasm.Memory({ initial });
    this.maximumBytes = maximumBytes;
    this.free = [{ address: ALIGNMENT, bytes: initial * PAGE - ALIGNMENT }];
  }

  /** How often it has grown. Views that were made under another number are detached and must be made again. */
  get generation(): number {
    return this.growths;
  }

  /** The bytes of all blocks that are allocated. */
  get allocatedBytes(): number {
    return [...this.used.values()].reduce((total, bytes) => total + bytes, 0);
  }

  get totalBytes(): number {
    return this.wasm.buffer.byteLength;
  }

  /**
   * A block of at least so many bytes, rounded up to {@link ALIGNMENT}. What it holds is undefined.
   *
   * @throws EngineError X_ENGINE_UNAVAILABLE if the memory cannot become large enough.
   */
  allocate(bytes: number): number {
    const size = Math.max(1, Math.ceil(bytes / ALIGNMENT)) * ALIGNMENT;
    let index = this.free.findIndex((block) => block.bytes >= size);
    if (index < 0) {
      this.grow(size);
      index = this.free.length - 1;
    }
    const { address, bytes: available } = this.free[index]!;
    const rest = available === size ? [] : [{ address: address + size, bytes: available - size }];
    this.free.splice(index, 1, ...rest);
    this.used.set(address, size);
    return address;
  }

  /** @throws RangeError for an address that is not that of an allocated block. */
  release(address: number): void {
    const bytes = this.used.get(address);
    if (bytes === undefined) throw new RangeError(`no block is allocated at ${address}`);
    this.used.delete(address);
    this.putBack({ address, bytes });
  }

  /** A view, which lives until the next growth. */
  float32(address: number, length: number): Float32Array {
    return new Float32Array(this.wasm.buffer, address, length);
  }

  /** The same for elements of any type. */
  view(dtype: DType, address: number, length: number): TypedArray {
    const { buffer } = this.wasm;
    switch (dtype) {
      case 'float32':
        return this.float32(address, length);
      case 'int32':
        return new Int32Array(buffer, address, length);
      case 'uint32':
        return new Uint32Array(buffer, address, length);
      case 'int64':
        return new BigInt64Array(buffer, address, length);
      case 'bool':
        return new Uint8Array(buffer, address, length);
    }
  }

  /** Until the last free block has `bytes`; by half of what there is if that is more, as each growth costs all views. */
  private grow(bytes: number): void {
    const before = this.totalBytes;
    const last = this.free.at(-1);
    const atEnd = last !== undefined && last.address + last.bytes === before ? last.bytes : 0;
    const needed = Math.ceil((bytes - atEnd) / PAGE);
    const possible = Math.floor((this.maximumBytes - before) / PAGE);
    if (needed > possible) throw tooLarge(this.allocatedBytes + bytes, this.maximumBytes);
    const pages = Math.min(possible, Math.max(needed, Math.ceil(before / PAGE / 2)));
    try {
      this.wasm.grow(pages);
    } catch (cause) {
      throw tooLarge(this.allocatedBytes + bytes, this.maximumBytes, cause);
    }
    this.growths++;
    this.putBack({ address: before, bytes: pages * PAGE });
  }

  private putBack(block: Span): void {
    const at = this.free.findIndex(({ address }) => address > block.address);
    const index = at < 0 ? this.free.length : at;
    const [previous, next] = [this.free[index - 1], this.free[index]];
    const joinsPrevious = previous !== undefined && previous.address + previous.bytes === block.address;
    const joinsNext = next !== undefined && block.address + block.bytes === next.address;
    const address = joinsPrevious ? previous.address : block.address;
    const end = joinsNext ? next.address + next.bytes : block.address + block.bytes;
    const first = joinsPrevious ? index - 1 : index;
    this.free.splice(first, Number(joinsPrevious) + Number(joinsNext), { address, bytes: end - address });
  }
}

function tooLarge(bytes: number, maximumBytes: number, cause?: unknown): EngineError {
  return new EngineError(
    'X_ENGINE_UNAVAILABLE',
    `what compiled steps hold (parameters, slots of the optimizer, averages, gradients, outputs) takes ${bytes} bytes, ` +
      `and one WebAssembly memory has ${maximumBytes} here; train a smaller model or batch, or use engine: 'eager'`,
    { cause },
  );
}
