import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { disposeBatch } from '../contracts/batch.js';
import type { Batch } from '../contracts/batch.js';
import type { EpochRequest } from '../contracts/data-loader.js';
import { BatchList } from './batch-list.js';
import { groupsOf } from './groups.js';

const batches: Batch[] = [0, 1, 2, 3, 4].map((id) => ({ x: tf.scalar(id), id }));

async function idsOf(list: BatchList, request: EpochRequest): Promise<unknown[]> {
  const ids: unknown[] = [];
  for await (const batch of list.epoch(request)) {
    ids.push(batch['id']);
    disposeBatch(batch);
  }
  return ids;
}

describe('a list of batches', () => {
  const list = new BatchList(batches);

  it('is the same every epoch, from any start', async () => {
    expect(await idsOf(list, { epoch: 0 })).toEqual([0, 1, 2, 3, 4]);
    expect(await idsOf(list, { epoch: 7, start: 3 })).toEqual([3, 4]);
    expect(await idsOf(list, { epoch: 0, start: 9 })).toEqual([]);
  });

  it('gives workers equally many batches, and leaves out the rest', async () => {
    expect(list.length(2)).toBe(2);
    expect(await idsOf(list, { epoch: 0, rank: 0, worldSize: 2 })).toEqual([0, 2]);
    expect(await idsOf(list, { epoch: 0, rank: 1, worldSize: 2 })).toEqual([1, 3]);
  });

  it('hands out clones: the batches stay the caller’s', async () => {
    const before = tf.memory().numTensors;
    await idsOf(list, { epoch: 0 });
    expect(tf.memory().numTensors).toBe(before);
    expect((batches[0]!['x'] as tf.Tensor).isDisposed).toBe(false);
  });
});

describe('groups of batches', () => {
  const sizes = async (size: number): Promise<number[]> => {
    const lengths: number[] = [];
    for await (const group of groupsOf(new BatchList(batches).epoch({ epoch: 0 }), size)) {
      lengths.push(group.length);
      group.forEach(disposeBatch);
    }
    return lengths;
  };

  it('have the wanted size, the last one what is left, and none is empty', async () => {
    expect(await sizes(1)).toEqual([1, 1, 1, 1, 1]);
    expect(await sizes(2)).toEqual([2, 2, 1]);
    expect(await sizes(5)).toEqual([5]);
    expect(await sizes(6)).toEqual([5]);
  });

  it('free a group that was begun when the source fails, and close the source when the reader stops', async () => {
    const before = tf.memory().numTensors;
    let closed = 0;
    async function* source(failAt: number): AsyncGenerator<Batch> {
      try {
        for (let i = 0; i < 6; i++) {
          if (i === failAt) throw new RangeError('from the source');
          yield { x: tf.scalar(i) };
        }
      } finally {
        closed += 1;
      }
    }
    const read = async (failAt: number): Promise<void> => {
      for await (const group of groupsOf(source(failAt), 3)) {
        group.forEach(disposeBatch);
        if (failAt === 9) return;
      }
    };
    await expect(read(5)).rejects.toThrow('from the source');
    await read(9);
    expect(closed).toBe(2);
    expect(tf.memory().numTensors).toBe(before);
  });
});
