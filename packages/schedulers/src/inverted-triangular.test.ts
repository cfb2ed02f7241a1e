import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { expectExactResume } from './__fixtures__/resume.js';
import { InvertedTriangular } from './inverted-triangular.js';
import type { InvertedTriangularOptions } from './inverted-triangular.js';

function momentumByEpoch(options: InvertedTriangularOptions, epochs: number): number[] {
  const optimizer = new FakeOptimizer({ lr: 1, momentum: 0.8 });
  const scheduler = new InvertedTriangular(options, optimizer);
  const values = optimizer.values('momentum').map(Number);
  for (let epoch = 0; epoch < epochs; epoch++) {
    scheduler.step();
    values.push(Number(optimizer.values('momentum')[0]));
  }
  return values;
}

test('the momentum goes down, comes up again and stays', () => {
  const values = momentumByEpoch({ coolDown: 2, warmUp: 3, ratio: 4 }, 7);
  expectClose(values, [0.8, 0.5, 0.2, 0.4, 0.6, 0.8, 0.8, 0.8]);
});

test('to a tenth, unless told otherwise', () => {
  expectClose(momentumByEpoch({ coolDown: 1, warmUp: 1 }, 2), [0.8, 0.08, 0.8]);
});

test('either side may be left out', () => {
  expectClose(momentumByEpoch({ coolDown: 0, warmUp: 2, ratio: 4 }, 3), [0.8, 0.5, 0.8, 0.8]);
  expectClose(momentumByEpoch({ coolDown: 2, warmUp: 0, ratio: 4 }, 3), [0.8, 0.5, 0.2, 0.8]);
});

test("Adam's first beta is scheduled", () => {
  const optimizer = new FakeOptimizer({ lr: 1, betas: [0.8, 0.999] });
  const scheduler = new InvertedTriangular({ coolDown: 2, warmUp: 2, ratio: 4 }, optimizer);
  scheduler.step();
  expect(optimizer.values('betas')).toEqual([[0.5, 0.999]]);
});

test('per step, the steps done count', () => {
  const optimizer = new FakeOptimizer({ lr: 1, momentum: 0.8 });
  const scheduler = new InvertedTriangular({ coolDown: 2, warmUp: 1, ratio: 4, per: 'step' }, optimizer);
  const momenta = [1, 2, 3, 4, 5].map((step) => {
    scheduler.stepBatch(step);
    return Number(optimizer.values('momentum')[0]);
  });
  expectClose(momenta, [0.8, 0.5, 0.2, 0.8, 0.8]);
});

test('an optimizer without momentum is refused', () => {
  const make = (): unknown => new InvertedTriangular({ coolDown: 2, warmUp: 2 }, new FakeOptimizer({ lr: 1 }));
  expect(make).toThrow(expect.objectContaining({ name: 'ConfigError', code: 'X_SCHEDULER' }));
});

test.each([{ momentum: 0.9 }, { betas: [0.9, 0.999] }])('resuming with %j is exact', (options) => {
  const make = () => {
    const optimizer = new FakeOptimizer({ lr: 1, ...options });
    return { optimizer, scheduler: new InvertedTriangular({ coolDown: 3, warmUp: 2 }, optimizer) };
  };
  expectExactResume(make, { epochs: 7, stepsPerEpoch: 1 });
});
