import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { rateAtStep } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import { Noam } from './noam.js';

test('the rate rises to the end of the warm-up and falls with the root of the step', () => {
  const optimizer = new FakeOptimizer({ lr: 7 });
  const scheduler = new Noam({ modelSize: 16, warmupSteps: 4 }, optimizer);
  const rates = [1, 2, 4, 9, 16].map((step) => rateAtStep(optimizer, scheduler, step));
  expectClose(rates, [1 / 32, 1 / 16, 1 / 8, 1 / 12, 1 / 16]);
});

test('before the first step it is as configured, and step 0 counts as the first', () => {
  const optimizer = new FakeOptimizer({ lr: 7 });
  const scheduler = new Noam({ modelSize: 16, warmupSteps: 4, factor: 2 }, optimizer);
  scheduler.step();
  expect(optimizer.rates).toEqual([7]);
  expectClose([rateAtStep(optimizer, scheduler, 0)], [1 / 16]);
});

test('it is the same for all groups', () => {
  const optimizer = new FakeOptimizer({ lr: 7, parameterGroups: [[['a'], { lr: 1 }]] });
  rateAtStep(optimizer, new Noam({ modelSize: 16, warmupSteps: 1 }, optimizer), 1);
  expect(optimizer.rates).toEqual([0.25, 0.25]);
});

test('resuming is exact', () => {
  const make = () => {
    const optimizer = new FakeOptimizer({ lr: 1 });
    return { optimizer, scheduler: new Noam({ modelSize: 16, warmupSteps: 3 }, optimizer) };
  };
  expectExactResume(make, { epochs: 3, stepsPerEpoch: 2 });
});
