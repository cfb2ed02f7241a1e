import { disposeBatch } from '../contracts/batch.js';
import type { Batch } from '../contracts/batch.js';

/**
 * Consecutive batches in groups of `size`; the last group may be shorter, and none is empty. Whoever takes a group owns
 * its batches; one that was not handed over is disposed here.
 */
export async function* groupsOf(batches: AsyncIterable<Batch>, size: number): AsyncGenerator<Batch[]> {
  let group: Batch[] = [];
  try {
    for await (const batch of batches) {
      group.push(batch);
      if (group.length === size) {
        const full = group;
        group = [];
        yield full;
      }
    }
    if (group.length > 0) {
      const rest = group;
      group = [];
      yield rest;
    }
  } finally {
    group.forEach(disposeBatch);
  }
}
