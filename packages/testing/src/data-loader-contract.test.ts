import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch, EpochRequest, Resumability } from '@x/trainer-core';
import { BatchList, DataLoader } from '@x/trainer-core';

import { contractReport, dataLoaderContract } from './index.js';

const batches: readonly Batch[] = Array.from({ length: 7 }, (_, i) => ({
  x: tf.tensor1d([i, i + 1]),
  id: `batch ${i}`,
}));

dataLoaderContract({ describe, it }, { name: 'BatchList', make: () => new BatchList(batches) });

class Unsteady extends BatchList {
  private read = 0;

  override async *epoch(request: EpochRequest): AsyncGenerator<Batch> {
    this.read += 1;
    for await (const batch of super.epoch(request)) yield { ...batch, read: this.read };
  }
}

class Unskipping extends BatchList {
  override epoch(request: EpochRequest): AsyncGenerator<Batch> {
    return super.epoch({ ...request, start: 0 });
  }
}

class Boastful extends BatchList {
  override length(worldSize?: number): number {
    return super.length(worldSize) + 1;
  }

  override async *epoch({ rank = 0, worldSize = 1, start = 0 }: EpochRequest): AsyncGenerator<Batch> {
    yield* new BatchList(batches).epoch({ epoch: 0, rank, worldSize, start });
  }
}

class Unshared extends BatchList {
  override epoch(request: EpochRequest): AsyncGenerator<Batch> {
    return super.epoch({ ...request, rank: 0 });
  }
}

class Unequal extends DataLoader {
  constructor(_: readonly Batch[]) {
    super();
  }

  override readonly resumability: Resumability = 'seekable';

  override length(): null {
    return null;
  }

  override async *epoch({ rank = 0, worldSize = 1, start = 0 }: EpochRequest): AsyncGenerator<Batch> {
    const own = Array.from({ length: 7 }, (_, i) => i).filter((i) => i % worldSize === rank);
    for (const i of own.slice(start)) yield { i };
  }
}

class Hoarding extends BatchList {
  override async *epoch(request: EpochRequest): AsyncGenerator<Batch> {
    const all: Batch[] = [];
    for await (const batch of super.epoch(request)) all.push(batch);
    yield* all;
  }
}

class Hasty extends BatchList {
  override epoch(request: EpochRequest): AsyncGenerator<Batch> {
    tf.keep(tf.scalar(1));
    return super.epoch(request);
  }
}

class Shared extends BatchList {
  private position = 0;

  override async *epoch({ epoch, start = 0, rank, worldSize }: EpochRequest): AsyncGenerator<Batch> {
    this.position = start;
    for (;;) {
      const rest = super.epoch({ epoch, start: this.position++, rank: rank ?? 0, worldSize: worldSize ?? 1 });
      const { value, done } = await rest.next();
      await rest.return(undefined);
      if (done === true) return;
      yield value;
    }
  }
}

it.each([
  [Unsteady, 'gives the same epoch again, from the same loader and from one made anew'],
  [Unskipping, 'starts in the middle of an epoch where one comes by dropping what is before'],
  [Boastful, 'gives as many batches as it says, to each of any number of workers'],
  [Unshared, 'gives every worker a share of its own, all of one size'],
  [Unequal, 'gives every worker a share of its own, all of one size'],
  [Hoarding, 'frees what it holds when its reader stops in the middle'],
  [Hasty, 'makes nothing for an epoch that is never read'],
  [Shared, 'gives an epoch as it is while another one is read'],
])('finds what is wrong with %p', async (Broken, expected) => {
  const { failed } = await contractReport((runner) =>
    dataLoaderContract(runner, { name: 'broken', make: () => new Broken(batches) }),
  );
  expect(Object.keys(failed)).toContain(expected);
});

it('wants enough batches to see anything', async () => {
  const { failed } = await contractReport((runner) =>
    dataLoaderContract(runner, { name: 'short', make: () => new BatchList(batches.slice(0, 3)) }),
  );
  expect(Object.keys(failed)).toEqual(['gives at least four batches, as objects with named fields']);
});
