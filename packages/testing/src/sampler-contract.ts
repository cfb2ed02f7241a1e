import assert from 'node:assert/strict';
import type { BatchSampler, Instance, Sampler } from '@x/trainer-core';

import type { TestRunner } from './runner.js';

/** A sampler to be tested. */
export interface SamplerSubject {
  readonly name: string;
  /** Makes one, with the same order at every call: its seed is set. */
  readonly make: () => Sampler;
  /** The number of examples of a data set that it suits. */
  readonly size: number;
}

/** A batch sampler to be tested. */
export interface BatchSamplerSubject {
  readonly name: string;
  /** Makes one, with the same batches at every call: its seed is set. */
  readonly make: () => BatchSampler;
  /** Makes a data set that it suits. */
  readonly instances: () => readonly Instance[];
}

/** Out of order, because nothing may depend on what was asked for before. */
const EPOCHS: readonly number[] = [3, 0, 1, 2, 0];

/** What every sampler must do: be a pure function of the epoch, with as many examples in each. */
export function samplerContract({ describe, it }: TestRunner, { name, make, size }: SamplerSubject): void {
  describe(`${name}: sampler`, () => {
    it('gives numbers of examples that the data set has, and some', async () => {
      for (const epoch of EPOCHS) {
        const indices = make().indices(size, epoch);
        assert.ok(indices instanceof Uint32Array && indices.length > 0);
        assertWithin(indices, size);
      }
    });

    it('gives an epoch again as it was, whatever came between, and so does one made anew', async () => {
      const sampler = make();
      for (const epoch of EPOCHS) assert.deepEqual(sampler.indices(size, epoch), make().indices(size, epoch));
    });

    it('gives as many examples in every epoch', async () => {
      const sampler = make();
      const counts = new Set(EPOCHS.map((epoch) => sampler.indices(size, epoch).length));
      assert.equal(counts.size, 1, `there were ${[...counts].join(' and ')} examples in an epoch`);
    });

    it('leaves what it gave to its caller', async () => {
      const sampler = make();
      const expected = make().indices(size, 1);
      sampler.indices(size, 1).fill(0);
      assert.deepEqual(sampler.indices(size, 1), expected);
    });
  });
}

/** What every batch sampler must do: be a pure function of the epoch, give no empty batch and keep its word on length. */
export function batchSamplerContract(
  { describe, it }: TestRunner,
  { name, make, instances }: BatchSamplerSubject,
): void {
  describe(`${name}: batch sampler`, () => {
    it('gives batches of examples that the data set has, none of them empty', async () => {
      for (const epoch of EPOCHS) {
        const batches = make().batches(instances(), epoch);
        assert.ok(batches.length > 0);
        for (const batch of batches) {
          assert.ok(batch.length > 0, `epoch ${epoch} has an empty batch`);
          assertWithin(batch, instances().length);
        }
      }
    });

    it('gives an epoch again as it was, whatever came between, and so does one made anew', async () => {
      const sampler = make();
      const data = instances();
      for (const epoch of EPOCHS) assert.deepEqual(sampler.batches(data, epoch), make().batches(instances(), epoch));
    });

    it('gives as many batches as it says, in every epoch', async () => {
      const sampler = make();
      const promised = sampler.length(instances());
      if (promised === null) return;
      for (const epoch of EPOCHS) {
        assert.equal(sampler.batches(instances(), epoch).length, promised, `the batches of epoch ${epoch}`);
      }
    });

    it('gives no batch for no data', async () => {
      assert.deepEqual([...make().batches([], 0)], []);
    });

    it('leaves the data as they are', async () => {
      const data = instances();
      make().batches(data, 0);
      make().length(data);
      assert.deepEqual(data, instances());
    });

    it('leaves what it gave to its caller', async () => {
      const sampler = make();
      const data = instances();
      const taken = sampler.batches(data, 1) as number[][];
      for (const batch of taken) batch.fill(0);
      taken.length = 0;
      assert.deepEqual(sampler.batches(data, 1), make().batches(instances(), 1));
    });
  });
}

function assertWithin(indices: Iterable<number>, size: number): void {
  for (const index of indices) {
    assert.ok(Number.isInteger(index) && index >= 0 && index < size, `${index} is no example of ${size}`);
  }
}
