import type { CompatibilityPreset } from '@x/trainer-core';

import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { ratesByEpoch, ratesByStep } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import { CosineHardRestartsWithWarmup } from './cosine-hard-restarts-with-warmup.js';
import type { CosineHardRestartsWithWarmupOptions } from './cosine-hard-restarts-with-warmup.js';

function scheduled(
  options: CosineHardRestartsWithWarmupOptions,
  stepsPerEpoch: number | null = 5,
  compatibility: CompatibilityPreset = null,
): { optimizer: FakeOptimizer; scheduler: CosineHardRestartsWithWarmup } {
  const optimizer = new FakeOptimizer({ lr: 2 });
  const scheduler = new CosineHardRestartsWithWarmup(options, optimizer, 2, stepsPerEpoch, compatibility);
  return { optimizer, scheduler };
}

test('the rate rises from 0, then falls towards 0 time and again, and is 0 at the end', () => {
  const { optimizer, scheduler } = scheduled({ numWarmupSteps: 2, numCycles: 2 });
  const fall = [2, 1 + Math.SQRT1_2, 1, 1 - Math.SQRT1_2];
  expectClose(ratesByStep(optimizer, scheduler, 12), [0, 1, ...fall, ...fall, 0, 0]);
});

test('once, unless told otherwise', () => {
  const { optimizer, scheduler } = scheduled({ numWarmupSteps: 0, numTrainingSteps: 2 }, null);
  expectClose(ratesByStep(optimizer, scheduler, 3), [2, 1, 0]);
});

test('epochs count with the preset of AllenNLP 2', () => {
  const { optimizer, scheduler } = scheduled({ numWarmupSteps: 1, numTrainingSteps: 3 }, null, 'allennlp-2');
  expectClose(ratesByEpoch(optimizer, scheduler, 4), [0, 2, 1, 0, 0]);
});

test('without the number of steps it says what to set, as with the preset of AllenNLP 2 without the option', () => {
  expect(() => scheduled({ numWarmupSteps: 1 }, null)).toThrow(/does not know.*set numTrainingSteps/);
  expect(() => scheduled({ numWarmupSteps: 1 }, 5, 'allennlp-2')).toThrow(/numTrainingSteps: is required/);
});

test('resuming is exact', () => {
  expectExactResume(() => scheduled({ numWarmupSteps: 3, numCycles: 3 }), { epochs: 2, stepsPerEpoch: 5 });
});
