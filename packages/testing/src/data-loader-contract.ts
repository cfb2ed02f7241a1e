import assert from 'node:assert/strict';
import type { DataLoader, EpochRequest } from '@x/trainer-core';
import { disposeBatch } from '@x/trainer-core';

import type { HostValue } from './host-values.js';
import { toHost } from './host-values.js';
import { leakFree } from './runner.js';
import type { TestRunner } from './runner.js';

/** A data loader to be tested. */
export interface DataLoaderSubject {
  readonly name: string;
  /**
   * Makes a loader of at least four batches an epoch. Tensors that it reads from are made before, outside: a loader is
   * not disposed. One that gives its data `once` is made anew for every epoch.
   */
  readonly make: () => DataLoader;
}

const WORLD_SIZES: readonly number[] = [2, 3];

/** What every data loader must do: keep its word on length, order and shares, and leave every tensor to who takes it. */
export function dataLoaderContract(runner: TestRunner, { name, make }: DataLoaderSubject): void {
  const { describe, it } = leakFree(runner);

  describe(`${name}: data loader`, () => {
    it('gives at least four batches, as objects with named fields', async () => {
      const batches = await drain(make(), { epoch: 0 });
      assert.ok(batches.length >= 4, `this suite needs four batches, received ${batches.length}`);
      for (const batch of batches) assert.ok(typeof batch === 'object' && batch !== null && !Array.isArray(batch));
    });

    it('gives the same epoch again, from the same loader and from one made anew', async () => {
      const loader = make();
      if (loader.resumability === 'once') return;
      const [zero, one] = [await drain(loader, { epoch: 0 }), await drain(loader, { epoch: 1 })];
      assert.deepEqual(await drain(loader, { epoch: 1 }), one);
      assert.deepEqual(await drain(loader, { epoch: 0 }), zero);
      assert.deepEqual(await drain(make(), { epoch: 1 }), one);
    });

    it('gives an epoch as it is while another one is read', async () => {
      const loader = make();
      if (loader.resumability === 'once') return;
      const alone = [await drain(loader, { epoch: 0 }), await drain(loader, { epoch: 1 })];
      assert.deepEqual(await Promise.all([drain(loader, { epoch: 0 }), drain(loader, { epoch: 1 })]), alone);
    });

    it('starts in the middle of an epoch where one comes by dropping what is before', async () => {
      const loader = make();
      if (loader.resumability === 'once') return;
      for (const share of [{ rank: 0, worldSize: 1 }, ...sharesOf(2)]) {
        const whole = await drain(loader, { epoch: 1, ...share });
        for (let start = 0; start <= whole.length; start++) {
          assert.deepEqual(await drain(loader, { epoch: 1, start, ...share }), whole.slice(start), `start ${start}`);
        }
      }
    });

    it('gives as many batches as it says, to each of any number of workers', async () => {
      for (const worldSize of [1, ...WORLD_SIZES]) {
        for (const share of sharesOf(worldSize)) {
          const loader = make();
          const promised = loader.length(worldSize);
          const { length } = await drain(loader, { epoch: 0, ...share });
          if (promised !== null) assert.equal(length, promised, `worker ${share.rank} of ${worldSize}`);
        }
      }
    });

    it('gives every worker a share of its own, all of one size', async () => {
      for (const worldSize of WORLD_SIZES) {
        const rest = new Counter(await drain(make(), { epoch: 0 }));
        const lengths = new Set<number>();
        for (const share of sharesOf(worldSize)) {
          const batches = await drain(make(), { epoch: 0, ...share });
          lengths.add(batches.length);
          for (const batch of batches) {
            assert.ok(rest.take(batch), `worker ${share.rank} of ${worldSize} got a batch that another one has too`);
          }
        }
        assert.equal(lengths.size, 1, `the workers got ${[...lengths].join(' and ')} batches`);
      }
    });

    it('frees what it holds when its reader stops in the middle', async () => {
      for await (const batch of make().epoch({ epoch: 0 })) {
        disposeBatch(batch);
        break;
      }
    });

    it('makes nothing for an epoch that is never read', async () => {
      make().epoch({ epoch: 0 });
    });
  });
}

interface Share {
  readonly rank: number;
  readonly worldSize: number;
}

function sharesOf(worldSize: number): Share[] {
  return Array.from({ length: worldSize }, (_, rank) => ({ rank, worldSize }));
}

/** The batches of an epoch on the host. Their tensors are disposed. */
async function drain(loader: DataLoader, request: EpochRequest): Promise<HostValue[]> {
  const batches: HostValue[] = [];
  for await (const batch of loader.epoch(request)) {
    batches.push(await toHost(batch));
    disposeBatch(batch);
  }
  return batches;
}

/** Batches to be taken out one by one; equal ones count. */
class Counter {
  private readonly rest: Map<string, number> = new Map();

  constructor(batches: readonly HostValue[]) {
    for (const batch of batches) this.rest.set(keyOf(batch), (this.rest.get(keyOf(batch)) ?? 0) + 1);
  }

  take(batch: HostValue): boolean {
    const left = this.rest.get(keyOf(batch)) ?? 0;
    this.rest.set(keyOf(batch), left - 1);
    return left > 0;
  }
}

function keyOf(batch: HostValue): string {
  return JSON.stringify(batch);
}
