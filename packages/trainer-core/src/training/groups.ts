import { disposeBatch } from '../contracts/batch.js';
import type { Batch } from '../contracts/batch.js';
import type { Communicator } from '../contracts/communicator.js';
import type { DataLoader } from '../contracts/data-loader.js';
import { inLockstep } from './lockstep.js';
import type { Progress } from './progress.js';

/**
 * The groups of an epoch from where it is, on this worker, for as long as every worker has one. A group is freed when the
 * next one is asked for, or the loop over them is left.
 */
export async function* epochGroups(
  dataLoader: DataLoader,
  { epoch, batchesThisEpoch }: Progress,
  communicator: Communicator,
  size: number,
): AsyncGenerator<readonly Batch[]> {
  const { rank, worldSize } = communicator;
  const batches = dataLoader.epoch({ epoch, start: batchesThisEpoch * size, rank, worldSize });
  const free = (group: readonly Batch[]): void => group.forEach(disposeBatch);
  for await (const group of inLockstep(groupsOf(batches, size), communicator, free)) {
    try {
      yield group;
    } finally {
      free(group);
    }
  }
}

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
