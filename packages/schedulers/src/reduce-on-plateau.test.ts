import { withLog } from '@x/trainer-core';

import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { ratesByEpoch } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import { ReduceOnPlateau } from './reduce-on-plateau.js';
import type { ReduceOnPlateauOptions } from './reduce-on-plateau.js';

function ratesFor(options: ReduceOnPlateauOptions, metrics: readonly number[], validationMetric?: string): number[] {
  const optimizer = new FakeOptimizer({ lr: 1 });
  return ratesByEpoch(optimizer, new ReduceOnPlateau(options, optimizer, validationMetric), metrics);
}

test('the rate falls to a tenth after more than ten bad epochs, unless told otherwise', () => {
  const rates = ratesFor({}, Array<number>(12).fill(1));
  expectClose(rates, [...Array<number>(12).fill(1), 0.1]);
});

test('an improvement starts the patience anew', () => {
  expectClose(ratesFor({ patience: 1, factor: 0.5 }, [3, 3, 2, 2, 2, 1]), [1, 1, 1, 1, 1, 0.5, 0.5]);
});

test.each([
  ['-loss', [1, 1, 1, 0.5]],
  ['+accuracy', [1, 1, 0.5, 0.5]],
])('without a mode, %s says which way is better', (metric, expected) => {
  expectClose(ratesFor({ patience: 0, factor: 0.5 }, [3, 2, 4], metric), expected);
});

test.each(['allennlp-1', 'allennlp-2'] as const)('with the preset %s, less is better whatever the sign', (preset) => {
  const optimizer = new FakeOptimizer({ lr: 1 });
  const scheduler = new ReduceOnPlateau({ patience: 0, factor: 0.5 }, optimizer, '+accuracy', preset);
  expectClose(ratesByEpoch(optimizer, scheduler, [3, 2, 4]), [1, 1, 1, 0.5]);
});

test('a mode that is given goes before the sign', () => {
  expectClose(ratesFor({ patience: 0, factor: 0.5, mode: 'min' }, [3, 2, 4], '+accuracy'), [1, 1, 1, 0.5]);
});

test.each([
  [{ mode: 'min', thresholdMode: 'rel' }, [10, 9.1, 8.9], [1, 1, 0.5, 0.5]],
  [{ mode: 'min', thresholdMode: 'abs' }, [10, 9.95, 9.85], [1, 1, 0.5, 0.5]],
  [{ mode: 'max', thresholdMode: 'rel' }, [10, 10.9, 11.1], [1, 1, 0.5, 0.5]],
  [{ mode: 'max', thresholdMode: 'abs' }, [10, 10.05, 10.15], [1, 1, 0.5, 0.5]],
] as const)('with %j an improvement counts above the threshold only', (options, metrics, expected) => {
  expectClose(ratesFor({ ...options, patience: 0, factor: 0.5, threshold: 0.1 }, metrics), expected);
});

test('epochs of the cooldown are not bad', () => {
  expectClose(ratesFor({ patience: 0, cooldown: 2, factor: 0.5 }, [1, 1, 1, 1, 1]), [1, 1, 0.5, 0.5, 0.5, 0.25]);
});

test('a NaN is no improvement, not even the first', () => {
  expectClose(ratesFor({ patience: 0, factor: 0.5 }, [NaN, 1, NaN]), [1, 0.5, 0.5, 0.25]);
});

test('the rate stops at minLr, each group at its own', () => {
  const optimizer = new FakeOptimizer({ lr: 1, parameterGroups: [[['a'], { lr: 2 }]] });
  const scheduler = new ReduceOnPlateau({ patience: 0, factor: 0.1, minLr: [0.5, 0.2] }, optimizer);
  for (const metric of [1, 1, 1]) scheduler.step(metric);
  expect(optimizer.rates).toEqual([0.5, 0.2]);
});

test('a reduction by no more than eps is left out', () => {
  expectClose(ratesFor({ patience: 0, factor: 0.5, eps: 0.3 }, [1, 1, 1]), [1, 1, 0.5, 0.5]);
});

test('a list of rates for another number of groups is refused', () => {
  const make = (): unknown => new ReduceOnPlateau({ minLr: [0.1, 0.2] }, new FakeOptimizer({ lr: 1 }));
  expect(make).toThrow(/minLr: received 2 numbers for 1 parameter groups.*X_SCHEDULER/);
});

test.each([undefined, null])('an epoch with the metric %p says that validation data is needed', (metric) => {
  const optimizer = new FakeOptimizer({ lr: 1 });
  const scheduler = new ReduceOnPlateau({}, optimizer);
  expect(() => scheduler.step(metric)).toThrow(
    expect.objectContaining({
      name: 'ConfigError',
      code: 'X_SCHEDULER',
      message: expect.stringContaining('this scheduler needs validation data') as string,
    }),
  );
});

test('reductions are logged when that is asked for', () => {
  const messages: string[] = [];
  const log = { info: (message: string) => void messages.push(message), warn: () => undefined };
  for (const verbose of [false, true]) {
    const optimizer = new FakeOptimizer({ lr: 1 });
    const scheduler = new ReduceOnPlateau({ patience: 0, verbose }, optimizer);
    withLog(log, () => ratesByEpoch(optimizer, scheduler, [1, 1]));
    expect(messages).toEqual(verbose ? ['reducing the learning rate of parameter group 0 to 1.0000e-1'] : []);
  }
});

test('resuming is exact', () => {
  const make = () => {
    const optimizer = new FakeOptimizer({ lr: 1 });
    return { optimizer, scheduler: new ReduceOnPlateau({ patience: 1, cooldown: 1, factor: 0.5 }, optimizer) };
  };
  const metrics = [NaN, 3, 3, 2, 2, 2, 2, 2, 1, 1];
  expectExactResume(make, { epochs: metrics.length, stepsPerEpoch: 1, metrics });
});
