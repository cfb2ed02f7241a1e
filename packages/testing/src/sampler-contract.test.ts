import type { Instance } from '@x/trainer-core';
import { BatchSampler, Sampler } from '@x/trainer-core';

import { batchSamplerContract, contractReport, samplerContract } from './index.js';

/** The examples in turn, from another one in every epoch. */
class Rotation extends Sampler {
  override indices(size: number, epoch: number): Uint32Array {
    return Uint32Array.from({ length: size }, (_, i) => (i + epoch) % size);
  }
}

/** One example a batch. */
class Single extends BatchSampler {
  override batches(instances: readonly Instance[], epoch: number): number[][] {
    return instances.map((_, i) => [(i + epoch) % instances.length]);
  }

  override length(instances: readonly Instance[]): number | null {
    return instances.length;
  }
}

const instances = (): Instance[] => [{ x: [1] }, { x: [2, 3] }, { x: [] }, { x: [4] }, { x: [5] }];
samplerContract({ describe, it }, { name: 'Rotation', make: () => new Rotation(), size: 5 });
batchSamplerContract({ describe, it }, { name: 'Single', make: () => new Single(), instances });

class Beyond extends Rotation {
  override indices(size: number, epoch: number): Uint32Array {
    return super.indices(size, epoch).map((i) => i + 1);
  }
}

class Counting extends Rotation {
  private calls = 0;

  override indices(size: number): Uint32Array {
    return super.indices(size, this.calls++);
  }
}

class Shrinking extends Rotation {
  override indices(size: number, epoch: number): Uint32Array {
    return super.indices(size, epoch).slice(epoch % 2);
  }
}

class Shared extends Rotation {
  private readonly given: Map<number, Uint32Array> = new Map();

  override indices(size: number, epoch: number): Uint32Array {
    const indices = this.given.get(epoch) ?? super.indices(size, epoch);
    this.given.set(epoch, indices);
    return indices;
  }
}

test.each<[string, () => Sampler, RegExp]>([
  ['examples beyond the data set', () => new Beyond(), /numbers of examples that the data set has/],
  ['an order of its calls', () => new Counting(), /an epoch again as it was/],
  ['epochs of several sizes', () => new Shrinking(), /as many examples in every epoch/],
  ['one array for all callers', () => new Shared(), /leaves what it gave/],
])('the suite finds a sampler that has %s', async (_, make, failed) => {
  const report = await contractReport((runner) => samplerContract(runner, { name: 'mine', make, size: 5 }));
  expect(Object.keys(report.failed)).toContainEqual(expect.stringMatching(failed));
});

class Empty extends Single {
  override batches(data: readonly Instance[], epoch: number): number[][] {
    return [[], ...super.batches(data, epoch)];
  }

  override length(data: readonly Instance[]): number {
    return data.length + 1;
  }
}

class Forgetting extends Single {
  private calls = 0;

  override batches(data: readonly Instance[]): number[][] {
    return super.batches(data, this.calls++);
  }
}

class Promising extends Single {
  override batches(data: readonly Instance[], epoch: number): number[][] {
    return super.batches(data, epoch).slice(epoch % 2);
  }
}

class Sorting extends Single {
  override batches(data: readonly Instance[], epoch: number): number[][] {
    (data as Instance[]).reverse();
    return super.batches(data, epoch);
  }
}

class Kept extends Single {
  private kept: number[][] | undefined;

  override batches(data: readonly Instance[]): number[][] {
    return data.length === 0 ? [] : (this.kept ??= super.batches(data, 0));
  }
}

test.each<[string, () => BatchSampler, RegExp]>([
  ['an empty batch', () => new Empty(), /none of them empty/],
  ['an empty batch for no data', () => new Empty(), /no batch for no data/],
  ['an order of its calls', () => new Forgetting(), /an epoch again as it was/],
  ['fewer batches than it says', () => new Promising(), /as many batches as it says/],
  ['the habit to sort its data', () => new Sorting(), /leaves the data as they are/],
  ['one list for all callers', () => new Kept(), /leaves what it gave/],
])('the suite finds a batch sampler that has %s', async (_, make, failed) => {
  const report = await contractReport((runner) => batchSamplerContract(runner, { name: 'mine', make, instances }));
  expect(Object.keys(report.failed)).toContainEqual(expect.stringMatching(failed));
});

test('a batch sampler need not know how many batches there will be', async () => {
  class Unknown extends Promising {
    override length(): null {
      return null;
    }
  }
  const report = await contractReport((runner) =>
    batchSamplerContract(runner, { name: 'mine', make: () => new Unknown(), instances }),
  );
  expect(report.failed).toEqual({});
});
