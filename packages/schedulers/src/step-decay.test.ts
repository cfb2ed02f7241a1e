import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { ratesByEpoch, ratesByStep } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import type { Scheduled } from './__fixtures__/resume.js';
import { StepDecay } from './step-decay.js';
import type { StepDecayOptions } from './step-decay.js';

function scheduled(options: StepDecayOptions): Scheduled & { readonly scheduler: StepDecay } {
  const optimizer = new FakeOptimizer({ lr: 2 });
  return { optimizer, scheduler: new StepDecay(options, optimizer) };
}

test('the rate falls every stepSize epochs', () => {
  const { optimizer, scheduler } = scheduled({ stepSize: 2, gamma: 0.5 });
  expectClose(ratesByEpoch(optimizer, scheduler, 6), [2, 2, 1, 1, 0.5, 0.5, 0.25]);
});

test('to a tenth, unless told otherwise', () => {
  const { optimizer, scheduler } = scheduled({ stepSize: 3 });
  expectClose(ratesByEpoch(optimizer, scheduler, 3), [2, 2, 2, 0.2]);
});

test('with a factor of 0 nothing is trained after the first decay', () => {
  const { optimizer, scheduler } = scheduled({ stepSize: 2, gamma: 0 });
  expectClose(ratesByEpoch(optimizer, scheduler, 3), [2, 2, 0, 0]);
});

test.each([{ stepSize: 0 }, { stepSize: 1.5 }, { stepSize: 1, gamma: -1 }])('%j is refused', (options) => {
  expect(() => scheduled(options)).toThrow(expect.objectContaining({ name: 'ConfigError' }));
});

test('per step, the steps done count', () => {
  const { optimizer, scheduler } = scheduled({ stepSize: 2, gamma: 0.5, per: 'step' });
  expectClose(ratesByStep(optimizer, scheduler, 5), [2, 2, 1, 1, 0.5]);
  expectClose(ratesByEpoch(optimizer, scheduler, 1), [0.5, 0.5]);
});

test('resuming is exact', () => {
  expectExactResume(() => scheduled({ stepSize: 2, gamma: 0.3 }), { epochs: 6, stepsPerEpoch: 2 });
});
