import type { LearningRateScheduler, MomentumScheduler, StateDict } from '@x/trainer-core';

import type { FakeOptimizer } from './fake-optimizer.js';

export interface Scheduled {
  readonly optimizer: FakeOptimizer;
  readonly scheduler: LearningRateScheduler | MomentumScheduler;
}

export interface Course {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Of every epoch. */
  readonly metrics?: readonly number[];
}

/** Fails unless training that is resumed after any of its epochs goes on as if it had not been interrupted. */
export function expectExactResume(make: () => Scheduled, course: Course): void {
  const whole = train(make(), course, 0);
  for (let saved = 1; saved < course.epochs; saved++) {
    const first = make();
    train(first, { ...course, epochs: saved }, 0);
    const [optimizerState, schedulerState] = JSON.parse(
      JSON.stringify([first.optimizer.stateDict(), first.scheduler.stateDict()]),
    ) as [StateDict, StateDict];
    const second = make();
    second.optimizer.loadStateDict(optimizerState);
    second.scheduler.loadStateDict(schedulerState);
    expect(snapshot(second)).toEqual(snapshot(first));
    expect(train(second, course, saved)).toEqual(whole.slice(saved * (course.stepsPerEpoch + 1)));
  }
}

/** Calls a scheduler as the trainer does, from epoch `start` on: what the groups are after every call. */
function train(scheduled: Scheduled, { epochs, stepsPerEpoch, metrics = [] }: Course, start: number): unknown[] {
  const seen: unknown[] = [];
  for (let epoch = start; epoch < epochs; epoch++) {
    for (let step = 1; step <= stepsPerEpoch; step++) {
      scheduled.scheduler.stepBatch(epoch * stepsPerEpoch + step);
      seen.push(snapshot(scheduled));
    }
    scheduled.scheduler.step(metrics[epoch] ?? null);
    seen.push(snapshot(scheduled));
  }
  return seen;
}

function snapshot({ optimizer }: Scheduled): unknown {
  return structuredClone({ groups: optimizer.groups.map(({ options }) => options), trainable: optimizer.trainable });
}
