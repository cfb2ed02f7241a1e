import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { MetricValues, Outputs } from '@x/trainer-core';
import { Metric } from '@x/trainer-core';

import type { MetricExample } from './index.js';
import { contractReport, metricContract } from './index.js';

const examples = (): MetricExample[] =>
  [[1, 2], [3], [4, 5, 7]].map((values) => ({ outputs: { x: tf.tensor1d(values) }, batch: { y: tf.scalar(0) } }));

/** The mean of `x`. */
class Mean extends Metric {
  protected sum = 0;
  protected count = 0;

  override async update({ x }: Readonly<Outputs>): Promise<void> {
    for (const value of await x!.data()) this.sum += value;
    this.count += x!.size;
  }

  override sums(): Record<string, number> {
    return { sum: this.sum, count: this.count };
  }

  override compute({ sum = 0, count = 0 }: Readonly<Record<string, number>>): MetricValues {
    return { mean: count === 0 ? 0 : sum / count };
  }

  override reset(): void {
    this.load({});
  }

  override load({ sum = 0, count = 0 }: Readonly<Record<string, number>>): void {
    Object.assign(this, { sum, count });
  }
}

metricContract({ describe, it }, { name: 'Mean', make: () => new Mean(), examples });

class MeanOfMeans extends Mean {
  override sums(): Record<string, number> {
    return { sum: this.count === 0 ? 0 : this.sum / this.count, count: Math.min(1, this.count) };
  }
}

class Adding extends Mean {
  override load(sums: Readonly<Record<string, number>>): void {
    super.load({ sum: this.sum + (sums['sum'] ?? 0), count: this.count + (sums['count'] ?? 0) });
  }
}

class Live extends Mean {
  private readonly live: Record<string, number> = {};

  override sums(): Record<string, number> {
    return Object.assign(this.live, super.sums());
  }

  override async update(outputs: Readonly<Outputs>): Promise<void> {
    await super.update(outputs);
    this.sums();
  }
}

class Remembering extends Mean {
  override reset(): void {}
}

class Personal extends Mean {
  override compute(sums: Readonly<Record<string, number>>): MetricValues {
    return { mean: super.compute(sums)['mean']! + this.count };
  }
}

class Undefined extends Mean {
  override compute({ sum = 0, count = 0 }: Readonly<Record<string, number>>): MetricValues {
    return { mean: sum / count };
  }
}

class Disposing extends Mean {
  override async update(outputs: Readonly<Outputs>): Promise<void> {
    await super.update(outputs);
    tf.dispose(outputs);
  }
}

it.each([
  [MeanOfMeans, 'has sums that add up, however the batches are split over workers'],
  [Adding, 'goes on from saved sums, in place of its own'],
  [Live, 'keeps its sums to itself: those that were asked for stay as they are'],
  [Remembering, 'forgets everything at a reset'],
  [Personal, 'has values that are a function of the sums alone'],
  [Undefined, 'is 0 without any example, and finite with some'],
  [Disposing, 'leaves outputs and batch as they are'],
])('finds what is wrong with %p', async (Broken, expected) => {
  const { failed } = await contractReport((runner) =>
    metricContract(runner, { name: 'broken', make: () => new Broken(), examples }),
  );
  expect(Object.keys(failed)).toContain(expected);
});
