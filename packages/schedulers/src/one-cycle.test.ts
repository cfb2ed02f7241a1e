import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { ratesByStep } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import { OneCycle } from './one-cycle.js';
import type { OneCycleOptions } from './one-cycle.js';

function scheduled(
  options: OneCycleOptions,
  optimizer = new FakeOptimizer({ lr: 1, momentum: 0.9 }),
  stepsPerEpoch: number | null = 5,
): { optimizer: FakeOptimizer; scheduler: OneCycle } {
  return { optimizer, scheduler: new OneCycle(options, optimizer, 2, stepsPerEpoch) };
}

/** Learning rates and momenta of the first group, step by step. */
function course(options: OneCycleOptions, steps: number): { rates: number[]; momenta: number[] } {
  const { optimizer, scheduler } = scheduled(options);
  const rows = Array.from({ length: steps }, (_, i) => {
    scheduler.stepBatch(i + 1);
    return [Number(optimizer.rates[0]), Number(optimizer.values('momentum')[0])] as const;
  });
  return { rates: rows.map(([rate]) => rate), momenta: rows.map(([, momentum]) => momentum) };
}

// the numbers of torch 2.6, OneCycleLR called after every step
test('the rate goes up and down along a cosine and the momentum the other way, as in torch', () => {
  const { rates, momenta } = course({ maxLr: 0.5 }, 10);
  expectClose(
    rates,
    [
      0.020000000000000018, 0.26, 0.5, 0.47524231600673683, 0.40587282697488153, 0.30563101096814466,
      0.19437098903185537, 0.09412917302511849, 0.024759683993263143, 2e-6,
    ],
  );
  expectClose(
    momenta,
    [
      0.95, 0.8999999999999999, 0.85, 0.854951556604879, 0.8688255099070633, 0.8888739533021842, 0.9111260466978157,
      0.9311744900929366, 0.945048443395121, 0.95,
    ],
  );
});

test('or along lines, with a peak, ends and a length of its own', () => {
  const options = { annealStrategy: 'linear', pctStart: 0.5, divFactor: 10, finalDivFactor: 100 } as const;
  const { rates, momenta } = course({ ...options, maxLr: 0.5, totalSteps: 8 }, 8);
  expectClose(rates, [0.05, 0.2, 0.35, 0.5, 0.375125, 0.25025, 0.125375, 0.0005]);
  expectClose(momenta, [0.95, 0.95 - 0.1 / 3, 0.95 - 0.2 / 3, 0.85, 0.875, 0.9, 0.925, 0.95]);
});

test('or in three phases', () => {
  const momentum = { baseMomentum: 0.8, maxMomentum: 0.9 };
  const { rates, momenta } = course({ ...momentum, maxLr: 1, threePhase: true, pctStart: 0.4, totalSteps: 12 }, 12);
  expectClose(
    rates,
    [
      0.040000000000000036, 0.19490484561964427, 0.5596380858267194, 0.8987874445102688, 0.9934534256333069,
      0.7825351158987652, 0.4021669661724169, 0.09785259942088556, 0.038649579643628314, 0.025474712475461535,
      0.00795051254168764, 4e-6,
    ],
  );
  expectClose(
    momenta,
    [
      0.9, 0.8838640785812871, 0.8458710327263834, 0.8105429745301803, 0.8006819348298639, 0.8226525920938786,
      0.86227427435704, 0.8939736875603245, 0.9, 0.9, 0.9, 0.9,
    ],
  );
});

test('each group has its own limits, and the first of the betas is cycled where there is no momentum', () => {
  const optimizer = new FakeOptimizer({ lr: 2, betas: [0.9, 0.999], parameterGroups: [[['a'], { lr: 1 }]] });
  const limits = { maxLr: [0.1, 0.4], maxMomentum: [0.95, 0.9], baseMomentum: [0.85, 0.5] };
  const { scheduler } = scheduled({ ...limits, totalSteps: 7 }, optimizer);
  scheduler.stepBatch(4);
  expectClose(optimizer.rates.map(Number), [0.06726838364805451, 0.26907353459221806]);
  const betas = optimizer.values('betas') as number[][];
  expectClose(
    betas.map(([first]) => first!),
    [0.8827317472789346, 0.6309269891157385],
  );
  expect(betas.map(([, second]) => second)).toEqual([0.999, 0.999]);
});

test('without maxLr the peak is the rate that each group is configured with', () => {
  const optimizer = new FakeOptimizer({ lr: 3, momentum: 0.9, parameterGroups: [[['a'], { lr: 5 }]] });
  const { scheduler } = scheduled({ pctStart: 0.3 }, optimizer);
  scheduler.stepBatch(3);
  expectClose(optimizer.rates.map(Number), [5, 3]);
});

test('the first rate and momentum are there from construction', () => {
  const { optimizer } = scheduled({ maxLr: 0.5 });
  expectClose([...optimizer.rates, ...optimizer.values('momentum')].map(Number), [0.02, 0.95]);
});

test('after the last step everything stays', () => {
  const { rates } = course({ maxLr: 0.5, totalSteps: 4, divFactor: 10, finalDivFactor: 10 }, 6);
  expectClose(rates.slice(3), [0.005, 0.005, 0.005]);
});

test('a rise that is over before the second step starts at the peak', () => {
  const { optimizer, scheduler } = scheduled({
    maxLr: 0.5,
    pctStart: 0.1,
    annealStrategy: 'linear',
    finalDivFactor: 1,
  });
  const rates = ratesByStep(optimizer, scheduler, 10);
  expectClose(
    rates,
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((done) => 0.5 - (0.48 * done) / 9),
  );
});

test('the momentum is left alone where it is not to be cycled', () => {
  const { optimizer, scheduler } = scheduled({ cycleMomentum: false }, new FakeOptimizer({ lr: 1 }));
  scheduler.stepBatch(2);
  expect(optimizer.values('momentum')).toEqual([undefined]);
});

test('an optimizer without momentum is refused, unless it is not to be cycled', () => {
  expect(() => scheduled({}, new FakeOptimizer({ lr: 1 }))).toThrow(/needs a `momentum` or `betas`/);
});

test('epochs and steps of an epoch can be given where the training does not know them', () => {
  const { optimizer, scheduler } = scheduled({ maxLr: 1, epochs: 3, stepsPerEpoch: 2 }, undefined, null);
  expectClose([ratesByStep(optimizer, scheduler, 6).at(-1)!], [1 / 25 / 1e4]);
  expect(() => scheduled({ maxLr: 1 }, undefined, null)).toThrow(
    /"one_cycle".*\n.*the data loader does not know.*totalSteps/,
  );
});

test('a list must have a number for each group', () => {
  expect(() => scheduled({ maxLr: [1, 2] })).toThrow(/maxLr: received 2 numbers for 1 parameter groups/);
});

test('resuming is exact', () => {
  expectExactResume(() => scheduled({ maxLr: 0.5, threePhase: true }), { epochs: 2, stepsPerEpoch: 5 });
});
