import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '@x/trainer-core';
import { disposeBatch } from '@x/trainer-core';

import { listed } from './__fixtures__/drain.js';
import { prefetch } from './prefetch.js';

/** Batches 0 to n - 1, and what was made of them. */
function counted(n: number, failAt = Infinity): { batches: AsyncIterable<Batch>; made: number; closed: boolean } {
  const source = { made: 0, closed: false, batches: undefined as unknown as AsyncIterable<Batch> };
  source.batches = (async function* () {
    try {
      for (let i = 0; i < n; i++) {
        await Promise.resolve();
        if (i === failAt) throw new Error('a broken file');
        source.made += 1;
        yield { x: tf.scalar(i) };
      }
    } finally {
      source.closed = true;
    }
  })();
  return source;
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

afterEach(() => {
  expect(tf.memory().numTensors).toBe(0);
});

test('gives the same batches in the same order', async () => {
  const seen: unknown[] = [];
  for await (const batch of prefetch(counted(5).batches, 2)) seen.push(listed(batch)['x']);
  expect(seen).toEqual([0, 1, 2, 3, 4]);
});

test('makes so many batches ahead, and not more', async () => {
  const source = counted(10);
  const batches = prefetch(source.batches, 3);
  disposeBatch((await batches.next()).value as Batch);
  await settle();
  expect(source.made).toBe(4);
  await batches.return(undefined);
});

test('a consumer that stops early leaves nothing behind', async () => {
  const source = counted(10);
  for await (const batch of prefetch(source.batches, 3)) {
    disposeBatch(batch);
    await settle();
    break;
  }
  expect(source).toMatchObject({ made: 4, closed: true });
});

test('a consumer that throws leaves nothing behind', async () => {
  const source = counted(10);
  const consume = async (): Promise<void> => {
    for await (const batch of prefetch(source.batches, 3)) {
      disposeBatch(batch);
      await settle();
      throw new Error('a broken model');
    }
  };
  await expect(consume()).rejects.toThrow('a broken model');
  expect(source.closed).toBe(true);
});

test('an error of the source comes after the batches before it', async () => {
  const seen: unknown[] = [];
  const consume = async (): Promise<void> => {
    for await (const batch of prefetch(counted(10, 2).batches, 4)) seen.push(listed(batch)['x']);
  };
  await expect(consume()).rejects.toThrow('a broken file');
  expect(seen).toEqual([0, 1]);
});
