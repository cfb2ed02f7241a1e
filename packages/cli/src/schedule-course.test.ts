import { MomentumDescent } from '@x/testing';
import type { Optimizer, StateDict } from '@x/trainer-core';
import { LearningRateScheduler, ParameterSet, quietLog, withLog } from '@x/trainer-core';
import * as tf from '@tensorflow/tfjs';

import { followSchedules } from './schedule-course.js';

/** Sets the rates to one more than the number of the step, but doubles that of the last group every epoch. */
class Uneven extends LearningRateScheduler {
  constructor(private readonly optimizer: Optimizer) {
    super();
  }

  override step(): void {
    const { options } = this.optimizer.groups.at(-1)!;
    options['lr'] = Number(options['lr']) * 2;
  }

  override stepBatch(batchNumTotal: number): void {
    for (const { options } of this.optimizer.groups.slice(0, -1)) options['lr'] = 1 + batchNumTotal;
  }

  override stateDict(): StateDict {
    return {};
  }

  override loadStateDict(): void {}
}

test('steps and epochs come in the order of a training, and groups that hold nothing are left out', () => {
  const weights = ['encoder.weight', 'encoder.bias', 'head'].map((name) => [name, tf.variable(tf.scalar(0))] as const);
  const parameters = ParameterSet.of(Object.fromEntries(weights));
  const optimizer = withLog(
    quietLog,
    () => new MomentumDescent({ lr: 1, momentum: 0.9, parameterGroups: [[['encoder'], {}], [['nothing'], {}]] }, parameters), // prettier-ignore
  );
  const scheduled = { optimizer, learningRateScheduler: new Uneven(optimizer), momentumScheduler: null };
  expect(followSchedules(scheduled, 2, 2)).toEqual({
    learningRates: [
      { name: 'group 0: encoder.weight and 1 more', points: [[1, 2], [2, 3], [3, 4], [4, 5]] }, // prettier-ignore
      { name: 'group 2: head', points: [[1, 1], [2, 1], [3, 2], [4, 2]] }, // prettier-ignore
    ],
    momenta: [],
    needsMetric: false,
  });
  optimizer.dispose();
  tf.dispose(weights.map(([, weight]) => weight));
});
