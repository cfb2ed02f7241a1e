import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { ratesByEpoch, ratesByStep } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import type { Scheduled } from './__fixtures__/resume.js';
import { ExponentialDecay } from './exponential-decay.js';
import type { ExponentialDecayOptions } from './exponential-decay.js';

function scheduled(options: ExponentialDecayOptions): Scheduled & { readonly scheduler: ExponentialDecay } {
  const optimizer = new FakeOptimizer({ lr: 2 });
  return { optimizer, scheduler: new ExponentialDecay(options, optimizer) };
}

test('the rate falls every epoch', () => {
  const { optimizer, scheduler } = scheduled({ gamma: 0.5 });
  expectClose(ratesByEpoch(optimizer, scheduler, 4), [2, 1, 0.5, 0.25, 0.125]);
});

test('to a tenth, unless told otherwise', () => {
  const { optimizer, scheduler } = scheduled({});
  expectClose(ratesByEpoch(optimizer, scheduler, 2), [2, 0.2, 0.02]);
});

test('with a factor of 0 the first epoch is the only one that trains', () => {
  const { optimizer, scheduler } = scheduled({ gamma: 0 });
  expectClose(ratesByEpoch(optimizer, scheduler, 2), [2, 0, 0]);
});

test('or every step', () => {
  const { optimizer, scheduler } = scheduled({ gamma: 0.5, per: 'step' });
  expectClose(ratesByStep(optimizer, scheduler, 4), [2, 1, 0.5, 0.25]);
});

test('resuming is exact', () => {
  expectExactResume(() => scheduled({ gamma: 0.95 }), { epochs: 6, stepsPerEpoch: 2 });
});
