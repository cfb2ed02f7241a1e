import { withLog } from '@x/trainer-core';

import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { ratesByEpoch, ratesByStep } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import type { Scheduled } from './__fixtures__/resume.js';
import { CosineWithRestarts } from './cosine-with-restarts.js';
import type { CosineWithRestartsOptions } from './cosine-with-restarts.js';

function scheduled(
  options: CosineWithRestartsOptions,
  numEpochs = 8,
): Scheduled & { readonly scheduler: CosineWithRestarts } {
  const optimizer = new FakeOptimizer({ lr: 1 });
  return { optimizer, scheduler: new CosineWithRestarts(options, optimizer, numEpochs) };
}

const quarter = (1 + Math.SQRT1_2) / 2;
const threeQuarters = (1 - Math.SQRT1_2) / 2;

test('each cycle is half a wave of the cosine', () => {
  const { optimizer, scheduler } = scheduled({ tInitial: 4 });
  const rates = ratesByEpoch(optimizer, scheduler, 9);
  expectClose(rates, [1, quarter, 0.5, threeQuarters, 1, quarter, 0.5, threeQuarters, 1, quarter]);
});

test('cycles get longer and lower, down to the same end', () => {
  const { optimizer, scheduler } = scheduled({ tInitial: 2, tMul: 2, etaMin: 0.25, etaMul: 0.5 });
  const second = [0.5, 0.25 + 0.25 * quarter, 0.375, 0.25 + 0.25 * threeQuarters];
  expectClose(ratesByEpoch(optimizer, scheduler, 6), [1, 0.625, ...second, 0.25]);
});

test('the length of a cycle is rounded down', () => {
  const { optimizer, scheduler } = scheduled({ tInitial: 3, tMul: 0.9 });
  expectClose(ratesByEpoch(optimizer, scheduler, 5), [1, 0.75, 0.25, 1, 0.5, 1]);
});

test('cycles that shrink to nothing in the training are refused before it', () => {
  expect(() => scheduled({ tInitial: 2, tMul: 0.5 }, 2)).not.toThrow();
  expect(() => scheduled({ tInitial: 2, tMul: 0.5 }, 3)).toThrow(
    expect.objectContaining({
      code: 'X_SCHEDULER',
      message: expect.stringContaining('tMul: received 0.5, with which the cycle after 2 restarts (epoch 3)') as string,
    }),
  );
});

test('a schedule without effect is a warning', () => {
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
  withLog(log, () => scheduled({ tInitial: 1 }));
  withLog(log, () => scheduled({ tInitial: 1, etaMul: 0.5 }));
  expect(warnings).toEqual(['the scheduler "cosine" has no effect with tInitial, tMul and etaMul all 1']);
});

test('cycles may be made of steps', () => {
  const optimizer = new FakeOptimizer({ lr: 1 });
  const scheduler = new CosineWithRestarts({ tInitial: 4, per: 'step' }, optimizer, 1, null);
  expectClose(ratesByStep(optimizer, scheduler, 6), [1, quarter, 0.5, threeQuarters, 1, quarter]);
  const shrinking = { tInitial: 2, tMul: 0.5, per: 'step' } as const;
  expect(() => new CosineWithRestarts(shrinking, optimizer, 1, 3)).toThrow('(step 3) has no steps left');
});

test('resuming is exact', () => {
  expectExactResume(() => scheduled({ tInitial: 2, tMul: 1.5, etaMul: 0.9 }), { epochs: 8, stepsPerEpoch: 1 });
});
