import type { ParameterGroupConfig } from '@x/trainer-core';

import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { rateAtStep } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import type { Scheduled } from './__fixtures__/resume.js';
import { SlantedTriangular } from './slanted-triangular.js';
import type { SlantedTriangularOptions } from './slanted-triangular.js';

const layers: readonly ParameterGroupConfig[] = [
  [['a'], {}],
  [['b'], {}],
  [['c'], {}],
];

interface Setting {
  readonly numEpochs?: number;
  readonly stepsPerEpoch?: number | null;
  readonly parameterGroups?: readonly ParameterGroupConfig[];
}

function scheduled(
  options: SlantedTriangularOptions,
  { numEpochs = 4, stepsPerEpoch = 5, parameterGroups = [] }: Setting = {},
): Scheduled & { readonly scheduler: SlantedTriangular } {
  const optimizer = new FakeOptimizer({ lr: 1, parameterGroups });
  return { optimizer, scheduler: new SlantedTriangular(options, optimizer, numEpochs, stepsPerEpoch) };
}

/** The rates of the first group at the steps of an epoch that has `steps` of them, after `done` steps. */
function epoch({ optimizer, scheduler }: ReturnType<typeof scheduled>, done: number, steps: number): number[] {
  const rates = Array.from({ length: steps }, (_, i) => rateAtStep(optimizer, scheduler, done + i + 1));
  scheduler.step();
  return rates;
}

const singleEpoch = { numEpochs: 1, stepsPerEpoch: 20 };

// lr 1 and ratio 5: the rate is (1 + 4 * height) / 5
const low = 0.2;

test('the rate rises over the first share of the steps and falls to where it began', () => {
  const { optimizer, scheduler } = scheduled({ cutFrac: 0.2, ratio: 5 }, singleEpoch);
  expect(optimizer.rates).toEqual([low]);
  const rates = [1, 2, 4, 12, 19, 20].map((step) => rateAtStep(optimizer, scheduler, step));
  expectClose(rates, [0.4, 0.6, 1, 0.6, 0.25, low]);
  scheduler.step();
  expectClose([rateAtStep(optimizer, scheduler, 21)], [low]);
});

test('a tenth of the steps and a ratio of 32, unless told otherwise', () => {
  const { optimizer, scheduler } = scheduled({}, singleEpoch);
  expectClose(
    [0, 1, 2, 11, 20].map((step) => rateAtStep(optimizer, scheduler, step)),
    [1 / 32, 16.5 / 32, 1, 16.5 / 32, 1 / 32],
  );
});

test('without a rise the fall begins at once', () => {
  const { optimizer, scheduler } = scheduled({ cutFrac: 0, ratio: 5 }, singleEpoch);
  expectClose(
    [0, 10, 20].map((step) => rateAtStep(optimizer, scheduler, step)),
    [1, 0.6, low],
  );
});

test('the steps of an epoch are the mean of those done, where they are not as expected', () => {
  const run = scheduled({ cutFrac: 0.5, ratio: 5 }, { numEpochs: 2, stepsPerEpoch: 2 });
  epoch(run, 0, 4);
  expectClose(epoch(run, 4, 4), [0.8, 0.6, 0.4, low]);
});

test('unknown steps are those so far in the first epoch, and measured after it', () => {
  const run = scheduled({ cutFrac: 0.5, ratio: 5 }, { numEpochs: 2, stepsPerEpoch: null });
  // step n of what then counts as 2 n steps is the top of the triangle
  expectClose(epoch(run, 0, 4), [1, 1, 1, 1]);
  expectClose(epoch(run, 4, 4), [0.8, 0.6, 0.4, low]);
});

describe('discriminative fine-tuning', () => {
  test('gives each layer a smaller rate than the layer after it', () => {
    const options = { discriminativeFineTuning: true, decayFactor: 0.5, cutFrac: 0, ratio: 5 };
    const { optimizer } = scheduled(options, { parameterGroups: layers });
    expect(optimizer.rates).toEqual([0.25, 0.5, 1, 1]);
  });

  test('counts the default group as a layer where it has parameters', () => {
    const options = { discriminativeFineTuning: true, decayFactor: 0.5, cutFrac: 0, ratio: 5 };
    const { optimizer } = scheduled(options, { parameterGroups: layers.slice(0, 2) });
    expect(optimizer.rates).toEqual([0.25, 0.5, 1]);
  });

  test('counts no layer without parameters, and leaves its rate', () => {
    const options = { discriminativeFineTuning: true, decayFactor: 0.5, cutFrac: 0, ratio: 5 };
    const { optimizer } = scheduled(options, { parameterGroups: [[['nothing'], {}], ...layers] });
    expect(optimizer.rates).toEqual([1, 0.25, 0.5, 1, 1]);
  });
});

describe('gradual unfreezing', () => {
  const options = { gradualUnfreezing: true, cutFrac: 0.5, ratio: 5 };
  const setting = { numEpochs: 4, stepsPerEpoch: 4, parameterGroups: layers };

  test('trains one layer more in each epoch, from the last on', () => {
    const { optimizer, scheduler } = scheduled(options, setting);
    const trained = [optimizer.trainable.flat()];
    for (let i = 0; i < 3; i++) {
      scheduler.step();
      trained.push(optimizer.trainable.flat());
    }
    expect(trained).toEqual([
      [false, false, true],
      [false, true, true],
      [true, true, true],
      [true, true, true],
    ]);
  });

  test('has a triangle in each epoch until all layers are trained, and one in the epochs left', () => {
    const run = scheduled(options, setting);
    expectClose(epoch(run, 0, 4), [0.6, 1, 0.6, low]);
    expectClose(epoch(run, 4, 4), [0.6, 1, 0.6, low]);
    expectClose([...epoch(run, 8, 4), ...epoch(run, 12, 4)], [0.4, 0.6, 0.8, 1, 0.8, 0.6, 0.4, low]);
  });

  test('stays low after a training that was too short for it', () => {
    const run = scheduled(options, { ...setting, numEpochs: 2 });
    epoch(run, 0, 4);
    epoch(run, 4, 4);
    expectClose(epoch(run, 8, 1), [low]);
  });

  test('refuses parameters outside the layers', () => {
    expect(() => scheduled(options, { parameterGroups: layers.slice(0, 2) })).toThrow(
      /gradualUnfreezing: expected an entry .* to find every parameter; received .* default group has c \[X_SCHEDULER\]/,
    );
  });
});

test.each(['gradualUnfreezing', 'discriminativeFineTuning'])('%s refuses a single layer', (option) => {
  expect(() => scheduled({ [option]: true }, { parameterGroups: [[['.'], {}]] })).toThrow(
    expect.objectContaining({
      name: 'ConfigError',
      problems: [
        { code: 'X_SCHEDULER', path: option, message: expect.stringContaining('at least two entries') as string },
      ],
    }),
  );
});

test('the whole training cannot be a rise', () => {
  expect(() => scheduled({ cutFrac: 1 })).toThrow(/cutFrac/);
});

test.each([{}, { gradualUnfreezing: true, discriminativeFineTuning: true, cutFrac: 0.3 }])(
  'resuming with %j is exact, frozen layers included',
  (options) => {
    const make = (): Scheduled => scheduled(options, { parameterGroups: layers });
    expectExactResume(make, { epochs: 4, stepsPerEpoch: 5 });
  },
);
