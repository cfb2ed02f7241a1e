import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { rateAtStep, ratesByEpoch } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import type { Scheduled } from './__fixtures__/resume.js';
import { PolynomialDecay } from './polynomial-decay.js';
import type { PolynomialDecayOptions } from './polynomial-decay.js';

function scheduled(
  options: PolynomialDecayOptions,
  stepsPerEpoch: number | null = 6,
): Scheduled & { readonly scheduler: PolynomialDecay } {
  const optimizer = new FakeOptimizer({ lr: 1 });
  return { optimizer, scheduler: new PolynomialDecay(options, optimizer, 2, stepsPerEpoch) };
}

function ratesAt(options: PolynomialDecayOptions, steps: readonly number[]): number[] {
  const { optimizer, scheduler } = scheduled(options);
  return steps.map((step) => rateAtStep(optimizer, scheduler, step));
}

test('falls linearly to 0 with the last step of the training, and stays there', () => {
  expectClose(ratesAt({}, [0, 1, 6, 11, 12, 13]), [1, 11 / 12, 0.5, 1 / 12, 0, 0]);
});

test('rises to the end of the warm-up, then falls by the power to the end rate', () => {
  const options = { warmupSteps: 4, power: 2, endLearningRate: 0.2 };
  const middle = 0.2 + 0.8 * 0.25;
  const last = 0.2 + 0.8 / 64;
  expectClose(ratesAt(options, [0, 1, 3, 4, 8, 11, 12, 13]), [0, 0.25, 0.75, 1, middle, last, 0.2, 0.2]);
});

test('ends where it is told, also where the steps of an epoch are unknown', () => {
  const { optimizer, scheduler } = scheduled({ totalSteps: 4 }, null);
  expectClose(
    [0, 1, 3, 4, 5].map((step) => rateAtStep(optimizer, scheduler, step)),
    [1, 0.75, 0.25, 0, 0],
  );
});

test('a warm-up starts with construction', () => {
  expect(scheduled({ warmupSteps: 4 }).optimizer.rates).toEqual([0]);
  expect(scheduled({}).optimizer.rates).toEqual([1]);
});

test('epochs change nothing', () => {
  const { optimizer, scheduler } = scheduled({});
  scheduler.stepBatch(6);
  scheduler.step(1);
  expect(optimizer.rates).toEqual([0.5]);
});

test('without any number of steps it says what is missing', () => {
  expect(() => scheduled({}, null)).toThrow(
    expect.objectContaining({
      code: 'X_SCHEDULER',
      message: expect.stringMatching(/"polynomial_decay".*\n.*the data loader does not know.*totalSteps/) as string,
    }),
  );
});

test('by epochs, those that are done count, and steps need not be known', () => {
  const optimizer = new FakeOptimizer({ lr: 1 });
  const scheduler = new PolynomialDecay({ power: 2, per: 'epoch' }, optimizer, 4, null);
  expectClose(ratesByEpoch(optimizer, scheduler, 5), [1, 0.5625, 0.25, 0.0625, 0, 0]);
});

test('with the preset of AllenNLP 1.0, totalSteps is required, as it was', () => {
  const make = (options: PolynomialDecayOptions): unknown =>
    new PolynomialDecay(options, new FakeOptimizer({ lr: 1 }), 2, 6, 'allennlp-1');
  expect(() => make({})).toThrow(/totalSteps: is required with the compatibility preset "allennlp-1"/);
  expect(() => make({ totalSteps: 4 })).not.toThrow();
});

test('a power of 0 keeps the rate until the end, and drops it there', () => {
  expectClose(ratesAt({ power: 0, endLearningRate: 0.1 }, [0, 6, 12, 13]), [1, 1, 0.1, 0.1]);
});

test('resuming is exact', () => {
  expectExactResume(() => scheduled({ warmupSteps: 5, power: 1.5 }), { epochs: 2, stepsPerEpoch: 6 });
});
