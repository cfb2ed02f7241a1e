import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch, Metric, Outputs } from '@x/trainer-core';
import { disposeBatch } from '@x/trainer-core';

import { toHost } from './host-values.js';
import { leakFree } from './runner.js';
import type { TestRunner } from './runner.js';

/** What a metric is told of one batch. */
export interface MetricExample {
  readonly outputs: Outputs;
  readonly batch: Batch;
}

/** A metric to be tested. */
export interface MetricSubject {
  readonly name: string;
  readonly make: () => Metric;
  /** Makes at least two batches, the same ones at every call. The suite disposes their tensors. */
  readonly examples: () => readonly MetricExample[];
}

type Sums = Readonly<Record<string, number>>;

/** What every metric must do: be sums that add up, of which its values are a function. */
export function metricContract(runner: TestRunner, { name, make, examples }: MetricSubject): void {
  const { describe, it } = leakFree(runner);

  /** A metric that saw the examples from `from` to `to`. */
  async function see(from: number, to?: number, metric: Metric = make()): Promise<Metric> {
    const all = examples();
    try {
      for (const { outputs, batch } of all.slice(from, to)) await metric.update(outputs, batch);
    } finally {
      for (const { outputs, batch } of all) {
        tf.dispose(outputs);
        disposeBatch(batch);
      }
    }
    return metric;
  }

  function countExamples(): number {
    const all = examples();
    for (const { outputs, batch } of all) {
      tf.dispose(outputs);
      disposeBatch(batch);
    }
    assert.ok(all.length >= 2, `this suite needs two batches, received ${all.length}`);
    return all.length;
  }

  describe(`${name}: metric`, () => {
    it('has sums that add up, however the batches are split over workers', async () => {
      const whole = await see(0);
      for (let cut = 1; cut < countExamples(); cut++) {
        const sums = added((await see(0, cut)).sums(), (await see(cut)).sums());
        assertClose(sums, whole.sums(), `the sums of two workers, split after ${cut} batches`);
        assertClose(whole.compute(sums), whole.compute(whole.sums()), `the values of two workers, split after ${cut}`);
      }
    });

    it('goes on from saved sums, in place of its own', async () => {
      const whole = await see(0);
      for (let cut = 0; cut < countExamples(); cut++) {
        const saved = JSON.parse(JSON.stringify((await see(0, cut)).sums())) as Sums;
        const loaded = await see(0, 1);
        loaded.load(saved);
        assert.deepEqual(loaded.sums(), saved);
        assert.deepEqual((await see(cut, undefined, loaded)).sums(), whole.sums(), `loaded after ${cut} batches`);
      }
    });

    it('keeps its sums to itself: those that were asked for stay as they are', async () => {
      const metric = await see(0, 1);
      const sums = metric.sums();
      const before = { ...sums };
      await see(1, undefined, metric);
      assert.deepEqual({ ...sums }, before);
    });

    it('forgets everything at a reset', async () => {
      const metric = await see(0);
      assert.notDeepEqual(metric.sums(), make().sums());
      metric.reset();
      assert.deepEqual(metric.sums(), make().sums());
      assert.deepEqual((await see(0, undefined, metric)).sums(), (await see(0)).sums());
    });

    it('has values that are a function of the sums alone', async () => {
      const whole = await see(0);
      const sums = { ...whole.sums() };
      assert.deepEqual(make().compute(sums), whole.compute(sums));
      assert.deepEqual(whole.sums(), sums);
    });

    it('is 0 without any example, and finite with some', async () => {
      const fresh = make();
      const values = Object.values(fresh.compute(fresh.sums()));
      assert.deepEqual(
        values,
        values.map(() => 0),
      );
      const whole = await see(0);
      const all = { ...whole.sums(), ...whole.compute(whole.sums()) };
      for (const [key, value] of Object.entries(all)) assert.ok(Number.isFinite(value), `"${key}" is ${value}`);
    });

    it('leaves outputs and batch as they are', async () => {
      const all = examples();
      try {
        for (const { outputs, batch } of all) {
          const before = [await toHost(outputs), await toHost(batch)];
          await make().update(outputs, batch);
          assert.deepEqual([await toHost(outputs), await toHost(batch)], before);
        }
      } finally {
        for (const { outputs, batch } of all) {
          tf.dispose(outputs);
          disposeBatch(batch);
        }
      }
    });
  });
}

function added(one: Sums, other: Sums): Record<string, number> {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...keys].map((key) => [key, (one[key] ?? 0) + (other[key] ?? 0)]));
}

/** Sums in another order differ by rounding. */
function assertClose(actual: Sums, expected: Sums, what: string): void {
  assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), what);
  for (const [key, value] of Object.entries(expected)) {
    const difference = Math.abs(actual[key]! - value);
    assert.ok(
      difference <= 1e-6 * Math.max(1, Math.abs(value)),
      `${what}: "${key}" is ${actual[key]} and not ${value}`,
    );
  }
}
