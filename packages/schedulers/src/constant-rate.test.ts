import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { ratesByEpoch } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import { ConstantRate } from './constant-rate.js';

test('the learning rate stays', () => {
  const optimizer = new FakeOptimizer({ lr: 0.3 });
  expect(ratesByEpoch(optimizer, new ConstantRate(), 3)).toEqual([0.3, 0.3, 0.3, 0.3]);
});

test('resuming is exact', () => {
  const make = () => ({ optimizer: new FakeOptimizer({ lr: 0.3 }), scheduler: new ConstantRate() });
  expectExactResume(make, { epochs: 3, stepsPerEpoch: 1 });
});
