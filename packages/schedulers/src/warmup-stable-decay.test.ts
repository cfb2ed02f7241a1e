import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { ratesByEpoch, ratesByStep } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import { WarmupStableDecay } from './warmup-stable-decay.js';
import type { WarmupStableDecayOptions } from './warmup-stable-decay.js';

function scheduled(
  options: WarmupStableDecayOptions,
  stepsPerEpoch: number | null = 5,
): { optimizer: FakeOptimizer; scheduler: WarmupStableDecay } {
  const optimizer = new FakeOptimizer({ lr: 2 });
  return { optimizer, scheduler: new WarmupStableDecay(options, optimizer, 2, stepsPerEpoch) };
}

function ratesOf(options: WarmupStableDecayOptions, steps: number): number[] {
  const { optimizer, scheduler } = scheduled(options);
  return ratesByStep(optimizer, scheduler, steps);
}

test('up, level, and down to 0 with the last step of the training, where it stays', () => {
  const rates = ratesOf({ warmupSteps: 2, decaySteps: 4, decay: 'linear' }, 11);
  expectClose(rates, [1, 2, 2, 2, 2, 2, 1.5, 1, 0.5, 0, 0]);
});

test('the decay can follow a cosine', () => {
  const rates = ratesOf({ decaySteps: 4, decay: 'cosine' }, 9);
  expectClose(rates.slice(5), [2, 1 + Math.SQRT1_2, 1, 1 - Math.SQRT1_2]);
});

test('or one minus the root of the share done, over a fifth of the training, unless told otherwise', () => {
  expectClose(ratesOf({}, 10).slice(6), [2, 2, 2 - Math.SQRT2, 0]);
});

test('and end at a share of the rate', () => {
  expectClose(ratesOf({ decaySteps: 2, decay: 'linear', endRatio: 0.1 }, 10).slice(7), [2, 1.1, 0.2]);
});

test('by epochs, the epochs done count', () => {
  const { optimizer, scheduler } = scheduled({
    warmupSteps: 2,
    decaySteps: 2,
    totalSteps: 6,
    decay: 'linear',
    per: 'epoch',
  });
  expectClose(ratesByEpoch(optimizer, scheduler, 6), [0, 1, 2, 2, 2, 1, 0]);
});

test('each group follows its own rate', () => {
  const optimizer = new FakeOptimizer({ lr: 2, parameterGroups: [[['a'], { lr: 8 }]] });
  new WarmupStableDecay({ warmupSteps: 4 }, optimizer, 2, 5).stepBatch(1);
  expect(optimizer.rates).toEqual([2, 0.5]);
});

test.each([{ warmupSteps: 7, decaySteps: 4 }, { warmupSteps: 11 }])('%j does not fit into ten steps', (options) => {
  expect(() => scheduled(options)).toThrow(/decaySteps: received a warm-up of \d+ .* expected at most 10 together/);
});

test('without the number of steps it says what to set', () => {
  expect(() => scheduled({}, null)).toThrow(/"warmup_stable_decay".*\n.*does not know.*set totalSteps/);
  expect(() => scheduled({ totalSteps: 20 }, null)).not.toThrow();
});

test('resuming is exact', () => {
  expectExactResume(() => scheduled({ warmupSteps: 3, decaySteps: 4 }), { epochs: 2, stepsPerEpoch: 5 });
});
