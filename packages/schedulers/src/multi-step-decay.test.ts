import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { ratesByEpoch, ratesByStep } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import type { Scheduled } from './__fixtures__/resume.js';
import { MultiStepDecay } from './multi-step-decay.js';
import type { MultiStepDecayOptions } from './multi-step-decay.js';

function scheduled(options: MultiStepDecayOptions): Scheduled & { readonly scheduler: MultiStepDecay } {
  const optimizer = new FakeOptimizer({ lr: 2 });
  return { optimizer, scheduler: new MultiStepDecay(options, optimizer) };
}

test('the rate falls at every milestone, twice at one that is given twice, in whatever order', () => {
  const { optimizer, scheduler } = scheduled({ milestones: [4, 2, 2], gamma: 0.5 });
  expectClose(ratesByEpoch(optimizer, scheduler, 5), [2, 2, 0.5, 0.5, 0.25, 0.25]);
});

test('to a tenth, unless told otherwise', () => {
  const { optimizer, scheduler } = scheduled({ milestones: [1] });
  expectClose(ratesByEpoch(optimizer, scheduler, 2), [2, 0.2, 0.2]);
});

test('a milestone at 0 decays before the first epoch', () => {
  const { optimizer, scheduler } = scheduled({ milestones: [0, 2], gamma: 0.5 });
  expectClose(ratesByEpoch(optimizer, scheduler, 3), [1, 1, 0.5, 0.5]);
});

test('a milestone below 0 is refused', () => {
  expect(() => scheduled({ milestones: [3, -1] })).toThrow(/milestones\.1/);
});

test('per step, the steps done count', () => {
  const { optimizer, scheduler } = scheduled({ milestones: [1, 3], gamma: 0.5, per: 'step' });
  expectClose(ratesByStep(optimizer, scheduler, 4), [2, 1, 1, 0.5]);
});

test('resuming is exact', () => {
  expectExactResume(() => scheduled({ milestones: [2, 4], gamma: 0.3 }), { epochs: 6, stepsPerEpoch: 2 });
});
