import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { rateAtStep, ratesByEpoch } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import type { Scheduled } from './__fixtures__/resume.js';
import { LinearWithWarmup } from './linear-with-warmup.js';
import type { LinearWithWarmupOptions } from './linear-with-warmup.js';

function scheduled(
  options: LinearWithWarmupOptions,
  stepsPerEpoch: number | null,
): Scheduled & { readonly scheduler: LinearWithWarmup } {
  const optimizer = new FakeOptimizer({ lr: 1 });
  return { optimizer, scheduler: new LinearWithWarmup(options, optimizer, 2, stepsPerEpoch) };
}

test('rises to the end of the warm-up and falls to 0 with the last step of the training', () => {
  const { optimizer, scheduler } = scheduled({ warmupSteps: 4 }, 6);
  expect(optimizer.rates).toEqual([0]);
  const rates = [0, 1, 4, 8, 11, 12, 13].map((step) => rateAtStep(optimizer, scheduler, step));
  expectClose(rates, [0, 0.25, 1, 0.5, 0.125, 0, 0]);
});

test('warms up for 100 steps, unless told otherwise', () => {
  const { optimizer, scheduler } = scheduled({}, 100);
  expectClose(
    [50, 100, 150].map((step) => rateAtStep(optimizer, scheduler, step)),
    [0.5, 1, 0.5],
  );
});

test('without the number of steps it says what is missing', () => {
  expect(() => scheduled({}, null)).toThrow(
    expect.objectContaining({
      code: 'X_SCHEDULER',
      message: expect.stringMatching(/"linear_with_warmup".*\n.*the data loader does not know/) as string,
    }),
  );
});

test('by epochs, those that are done count, and steps need not be known', () => {
  const optimizer = new FakeOptimizer({ lr: 1 });
  const scheduler = new LinearWithWarmup({ warmupSteps: 2, per: 'epoch' }, optimizer, 4, null);
  expectClose(ratesByEpoch(optimizer, scheduler, 5), [0, 0.5, 1, 0.5, 0, 0]);
});

test('resuming is exact', () => {
  expectExactResume(() => scheduled({ warmupSteps: 5 }, 6), { epochs: 2, stepsPerEpoch: 6 });
});
