import type { LearningRateScheduler } from '@x/trainer-core';

import type { FakeOptimizer } from './fake-optimizer.js';

/** The learning rates of the first group: at first, and after each of a number of epochs. */
export function ratesByEpoch(
  optimizer: FakeOptimizer,
  scheduler: LearningRateScheduler,
  epochs: number | readonly number[],
): number[] {
  const metrics = typeof epochs === 'number' ? Array<null>(epochs).fill(null) : epochs;
  const rates = [Number(optimizer.rates[0])];
  for (const metric of metrics) {
    scheduler.step(metric);
    rates.push(Number(optimizer.rates[0]));
  }
  return rates;
}

/** The learning rate of the first group at a step. */
export function rateAtStep(optimizer: FakeOptimizer, scheduler: LearningRateScheduler, step: number): number {
  scheduler.stepBatch(step);
  return Number(optimizer.rates[0]);
}

/** The learning rates of the first group at the steps from 1 on, for a number of steps. */
export function ratesByStep(optimizer: FakeOptimizer, scheduler: LearningRateScheduler, steps: number): number[] {
  return Array.from({ length: steps }, (_, i) => rateAtStep(optimizer, scheduler, i + 1));
}
