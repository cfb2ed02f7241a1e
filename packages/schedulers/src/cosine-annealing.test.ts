import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { ratesByEpoch, ratesByStep } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import { CosineAnnealing } from './cosine-annealing.js';
import type { CosineAnnealingOptions } from './cosine-annealing.js';

function scheduled(
  options: CosineAnnealingOptions,
  stepsPerEpoch: number | null = 2,
): { optimizer: FakeOptimizer; scheduler: CosineAnnealing } {
  const optimizer = new FakeOptimizer({ lr: 2 });
  return { optimizer, scheduler: new CosineAnnealing(options, optimizer, 4, stepsPerEpoch) };
}

test('the rate falls to the lowest and comes up again, epoch by epoch', () => {
  const { optimizer, scheduler } = scheduled({ tMax: 2, etaMin: 1 });
  expectClose(ratesByEpoch(optimizer, scheduler, 6), [2, 1.5, 1, 1.5, 2, 1.5, 1]);
});

test('to 0 at the end of the training, unless told otherwise', () => {
  const { optimizer, scheduler } = scheduled({});
  expectClose(ratesByEpoch(optimizer, scheduler, 4), [2, 1 + Math.SQRT1_2, 1, 1 - Math.SQRT1_2, 0]);
});

test('or step by step', () => {
  const { optimizer, scheduler } = scheduled({ per: 'step' });
  const rates = ratesByStep(optimizer, scheduler, 9);
  expectClose([rates[0]!, rates[2]!, rates[4]!, rates[6]!, rates[8]!], [2, 1 + Math.SQRT1_2, 1, 1 - Math.SQRT1_2, 0]);
});

test('by steps, without their number, it says what to set', () => {
  expect(() => scheduled({ per: 'step' }, null)).toThrow(/"cosine_annealing".*\n.*does not know.*set tMax/);
  expect(() => scheduled({}, null)).not.toThrow();
});

test('resuming is exact', () => {
  expectExactResume(() => scheduled({ tMax: 3 }), { epochs: 4, stepsPerEpoch: 2 });
});
