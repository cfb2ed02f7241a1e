import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { ratesByEpoch, ratesByStep } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import { ConstantWithWarmup } from './constant-with-warmup.js';

test('the rate rises from 0 at the first step, and stays when the steps of the warm-up are done', () => {
  const optimizer = new FakeOptimizer({ lr: 2 });
  const scheduler = new ConstantWithWarmup({ numWarmupSteps: 4 }, optimizer);
  expect(optimizer.rates).toEqual([0]);
  expectClose(ratesByStep(optimizer, scheduler, 6), [0, 0.5, 1, 1.5, 2, 2]);
  scheduler.step();
  expect(optimizer.rates).toEqual([2]);
});

test('without a warm-up it is constant', () => {
  const optimizer = new FakeOptimizer({ lr: 2 });
  expect(ratesByStep(optimizer, new ConstantWithWarmup({ numWarmupSteps: 0 }, optimizer), 2)).toEqual([2, 2]);
});

test.each([
  [{ numWarmupSteps: 4, per: 'epoch' }, null],
  [{ numWarmupSteps: 4 }, 'allennlp-2'],
] as const)('with %j and compatibility %s epochs count', (options, compatibility) => {
  const optimizer = new FakeOptimizer({ lr: 2 });
  const scheduler = new ConstantWithWarmup(options, optimizer, compatibility);
  scheduler.stepBatch(3);
  expectClose(ratesByEpoch(optimizer, scheduler, 5), [0, 0.5, 1, 1.5, 2, 2]);
});

test('the option goes before the preset', () => {
  const optimizer = new FakeOptimizer({ lr: 2 });
  const scheduler = new ConstantWithWarmup({ numWarmupSteps: 4, per: 'step' }, optimizer, 'allennlp-2');
  expectClose(ratesByStep(optimizer, scheduler, 3), [0, 0.5, 1]);
});

test('resuming is exact', () => {
  const make = () => {
    const optimizer = new FakeOptimizer({ lr: 1 });
    return { optimizer, scheduler: new ConstantWithWarmup({ numWarmupSteps: 3 }, optimizer) };
  };
  expectExactResume(make, { epochs: 3, stepsPerEpoch: 2 });
});
