import assert from 'node:assert/strict';
import type { Communicator } from '@x/trainer-core';

import { leakFree } from './runner.js';
import type { TestRunner } from './runner.js';

/** A communicator to be tested. */
export interface CommunicatorSubject {
  readonly name: string;
  /** Makes the communicators of all workers of a run, in the order of their ranks. */
  readonly make: () => readonly Communicator[];
}

/** What the communicators of a run must do when every worker makes the same calls. */
export function communicatorContract(runner: TestRunner, { name, make }: CommunicatorSubject): void {
  const { describe, it } = leakFree(runner);

  describe(`${name}: communicator`, () => {
    it('numbers the workers, and makes exactly one of them the master', async () => {
      const workers = make();
      assert.deepEqual(
        workers.map(({ rank, worldSize }) => [rank, worldSize]),
        workers.map((_, rank) => [rank, workers.length]),
      );
      assert.equal(workers.filter(({ isMaster }) => isMaster).length, 1);
    });

    it('puts the mean of all workers in place of their numbers', async () => {
      const workers = make();
      const vectors = workers.map(({ rank }) => Float32Array.of(rank, 2 * rank + 1, -4));
      await Promise.all(workers.map((worker, i) => worker.allReduceMean(vectors[i]!)));
      const middle = (workers.length - 1) / 2;
      for (const vector of vectors) assert.deepEqual(vector, Float32Array.of(middle, 2 * middle + 1, -4));
    });

    it('gives every worker the sums, and leaves what was given', async () => {
      const workers = make();
      const given = workers.map(({ rank }) => ({ loss: rank + 0.5, count: 2 }));
      const sums = await Promise.all(workers.map((worker, i) => worker.allReduceSum(given[i]!)));
      const { length } = workers;
      for (const sum of sums) assert.deepEqual({ ...sum }, { loss: (length * length) / 2, count: 2 * length });
      assert.deepEqual(
        given,
        workers.map(({ rank }) => ({ loss: rank + 0.5, count: 2 })),
      );
    });

    it('goes on only if every worker does', async () => {
      const workers = make();
      const ask = (goesOn: (rank: number) => boolean): Promise<boolean[]> =>
        Promise.all(workers.map((worker) => worker.allContinue(goesOn(worker.rank))));
      assert.deepEqual(
        await ask(() => true),
        workers.map(() => true),
      );
      for (const { rank: stops } of workers)
        assert.deepEqual(
          await ask((rank) => rank !== stops),
          workers.map(() => false),
        );
    });

    it('lets nobody past a barrier before all have come', async () => {
      const workers = make();
      let come = 0;
      await Promise.all(
        workers.map(async (worker) => {
          for (let i = 0; i < worker.rank; i++) await Promise.resolve();
          come += 1;
          await worker.barrier();
          assert.equal(come, workers.length);
        }),
      );
    });
  });
}
