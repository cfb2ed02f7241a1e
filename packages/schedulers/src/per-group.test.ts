import type { LearningRateScheduler, Lazy, Optimizer as OptimizerType } from '@x/trainer-core';
import { Optimizer, StateError, tokenOf } from '@x/trainer-core';

import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { expectExactResume } from './__fixtures__/resume.js';
import { ExponentialDecay } from './exponential-decay.js';
import { PerGroup } from './per-group.js';
import type { PerGroupOptions } from './per-group.js';
import { ReduceOnPlateau } from './reduce-on-plateau.js';

/** Builds a scheduler on the optimizer that it is given, as a run does. */
function lazily(make: (optimizer: OptimizerType) => LearningRateScheduler): Lazy<LearningRateScheduler> {
  return { construct: (provided = []) => make(new Map(provided).get(tokenOf(Optimizer)) as OptimizerType) };
}

const decay = (gamma: number): Lazy<LearningRateScheduler> =>
  lazily((optimizer) => new ExponentialDecay({ gamma }, optimizer));

const threeGroups = (): FakeOptimizer =>
  new FakeOptimizer({
    lr: 3,
    parameterGroups: [
      [['a'], { lr: 1 }],
      [['b'], { lr: 2 }],
    ],
  });

function scheduled(...schedulers: PerGroupOptions['schedulers']): { optimizer: FakeOptimizer; scheduler: PerGroup } {
  const optimizer = threeGroups();
  return { optimizer, scheduler: new PerGroup({ schedulers }, optimizer) };
}

test('each schedule changes its own groups, found by index or by name; the others stay', () => {
  const { optimizer, scheduler } = scheduled([0, decay(0.5)], [['^c'], decay(0.1)]);
  scheduler.step();
  scheduler.step();
  expectClose(optimizer.rates.map(Number), [0.25, 2, 0.03]);
});

test('one schedule may have several groups', () => {
  const { optimizer, scheduler } = scheduled([['a', 'b'], decay(0.5)]);
  scheduler.step();
  expectClose(optimizer.rates.map(Number), [0.5, 1, 3]);
});

test('groups are searched as everywhere else, also with what only Python writes', () => {
  const { optimizer, scheduler } = scheduled([['\\Ac'], decay(0.5)]);
  scheduler.step();
  expectClose(optimizer.rates.map(Number), [1, 2, 1.5]);
});

test('metrics and lists of numbers are for the groups of the schedule', () => {
  const plateau = lazily((each) => new ReduceOnPlateau({ patience: 0, factor: 0.1, minLr: [0.5] }, each));
  const { optimizer, scheduler } = scheduled([1, plateau]);
  scheduler.step(1);
  scheduler.step(1);
  expectClose(optimizer.rates.map(Number), [1, 0.5, 3]);
});

test('schedules beside one that refuses an epoch go on', () => {
  const plateau = lazily((each) => new ReduceOnPlateau({}, each));
  const { optimizer, scheduler } = scheduled([0, decay(0.5)], [1, plateau], [2, decay(0.1)]);
  expect(() => scheduler.step(null)).toThrow(/received no validation metric/);
  expectClose(optimizer.rates.map(Number), [0.5, 2, 0.3]);
});

test('groups that nothing is in, and groups that two schedules want, are all told', () => {
  expect(() => scheduled([7, decay(0.5)], [['zzz'], decay(0.5)], [['a', 'c'], decay(0.5)], [0, decay(0.5)])).toThrow(
    expect.objectContaining({
      problems: [
        expect.objectContaining({
          path: 'schedulers.0.0',
          message: expect.stringContaining('0: a; 1: b; 2: c') as string,
        }),
        expect.objectContaining({ path: 'schedulers.1.0' }),
        expect.objectContaining({ path: 'schedulers.3.0', message: expect.stringContaining('group 0 too') as string }),
      ],
    }),
  );
});

test('a state of another number of schedules is refused', () => {
  const saved = scheduled([0, decay(0.5)]).scheduler.stateDict();
  expect(() => scheduled([0, decay(0.5)], [1, decay(0.5)]).scheduler.loadStateDict(saved)).toThrow(StateError);
});

test('a state that one of the schedules refuses leaves all of them as they were', () => {
  const { scheduler } = scheduled([0, decay(0.5)], [1, decay(0.9)]);
  scheduler.step();
  const before = scheduler.stateDict();
  for (const second of [{}, null]) {
    expect(() => scheduler.loadStateDict({ schedulers: [{ epochsDone: 7 }, second] })).toThrow(StateError);
    expect(scheduler.stateDict()).toEqual(before);
  }
});

test('resuming is exact', () => {
  expectExactResume(() => scheduled([0, decay(0.5)], [1, decay(0.9)]), { epochs: 4, stepsPerEpoch: 2 });
});
