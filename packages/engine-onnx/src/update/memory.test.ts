import { EngineError } from '@x/trainer-core';

import { generator } from './__fixtures__/feeds.js';
import { ALIGNMENT, StateMemory } from './memory.js';

const PAGE = 65536;

describe('StateMemory', () => {
  it('gives blocks that are aligned and do not overlap', () => {
    const memory = new StateMemory();
    const sizes = [1, 64, 65, 1000, 0, 200_000, 3];
    const blocks = sizes.map((bytes) => ({ address: memory.allocate(bytes), bytes }));
    blocks.sort((a, b) => a.address - b.address);
    for (const [i, { address, bytes }] of blocks.entries()) {
      expect(address % ALIGNMENT).toBe(0);
      expect(address).toBeGreaterThan(0);
      expect(address + bytes).toBeLessThanOrEqual(blocks[i + 1]?.address ?? memory.totalBytes);
    }
    expect(memory.allocatedBytes).toBe(64 + 64 + 128 + 1024 + 64 + 200_000 + 64);
  });

  it('views what stands there, as any type', () => {
    const memory = new StateMemory();
    const address = memory.allocate(32);
    memory.float32(address, 4).set([1, 2, 3, -1]);
    expect(memory.view('float32', address, 4)).toEqual(Float32Array.of(1, 2, 3, -1));
    expect(memory.view('uint32', address, 1)).toEqual(Uint32Array.of(0x3f800000));
    expect(memory.view('int32', address + 12, 1)).toEqual(Int32Array.of(0xbf800000 | 0));
    expect(memory.view('bool', address + 3, 1)).toEqual(Uint8Array.of(0x3f));
    expect(memory.view('int64', address, 1)).toEqual(BigInt64Array.of(0x40000000_3f800000n));
  });

  it('uses freed blocks again, also joined with their neighbours', () => {
    const memory = new StateMemory({ initialBytes: PAGE });
    const third = Math.floor((PAGE - ALIGNMENT) / 3 / ALIGNMENT) * ALIGNMENT;
    const [a, b, c] = [memory.allocate(third), memory.allocate(third), memory.allocate(third)];
    memory.release(b);
    expect(memory.allocate(third)).toBe(b);
    memory.release(a);
    memory.release(c);
    memory.release(b);
    expect(memory.allocatedBytes).toBe(0);
    expect(memory.allocate(3 * third)).toBe(a);
    expect(memory.generation).toBe(0);
  });

  it('keeps addresses and what stands there when it grows, and says that views are detached', () => {
    const memory = new StateMemory();
    const address = memory.allocate(8);
    const view = memory.float32(address, 2);
    view.set([3, 4]);
    memory.allocate(10 * PAGE);
    expect(memory.generation).toBe(1);
    expect(view).toHaveLength(0);
    expect(memory.float32(address, 2)).toEqual(Float32Array.of(3, 4));
  });

  it('grows less often than it is asked', () => {
    const memory = new StateMemory();
    for (let i = 0; i < 1000; i++) memory.allocate(PAGE);
    expect(memory.generation).toBeLessThan(20);
    expect(memory.totalBytes).toBeLessThan(1600 * PAGE);
  });

  it('says what to do when there is no more', () => {
    const memory = new StateMemory({ maximumBytes: 3 * PAGE });
    memory.allocate(2 * PAGE);
    const message = /takes 262144 bytes, and one WebAssembly memory has 196608 here; train a smaller model/;
    expect(() => memory.allocate(2 * PAGE)).toThrow(message);
    expect(() => memory.allocate(2 * PAGE)).toThrow(EngineError);
    expect(memory.allocatedBytes).toBe(2 * PAGE);
    expect(memory.totalBytes - memory.allocate(PAGE / 2)).toBeGreaterThanOrEqual(PAGE / 2);
  });

  it('refuses to free what is not allocated', () => {
    const memory = new StateMemory();
    const address = memory.allocate(100);
    memory.release(address);
    expect(() => memory.release(address)).toThrow(RangeError);
    expect(() => memory.release(address + 4)).toThrow(`no block is allocated at ${address + 4}`);
  });

  it('loses and doubles nothing in any order of use', () => {
    const memory = new StateMemory();
    const random = generator(3);
    const blocks = new Map<number, { length: number; tag: number }>();
    for (let i = 0; i < 2000; i++) {
      const [oldest] = blocks;
      if (oldest !== undefined && random() < 0.5) {
        const [address, { length, tag }] = [...blocks][Math.floor(random() * blocks.size)]!;
        expect(memory.float32(address, length).every((x) => x === tag)).toBe(true);
        memory.release(address);
        blocks.delete(address);
      } else {
        const length = 1 + Math.floor(random() ** 4 * 20_000);
        const address = memory.allocate(4 * length);
        memory.float32(address, length).fill(i);
        blocks.set(address, { length, tag: i });
      }
    }
    const expected = [...blocks.values()].reduce((sum, { length }) => sum + Math.ceil(length / 16) * 64, 0);
    expect(memory.allocatedBytes).toBe(expected);
    for (const address of blocks.keys()) memory.release(address);
    expect(memory.allocate(memory.totalBytes - ALIGNMENT)).toBe(ALIGNMENT);
  });
});
