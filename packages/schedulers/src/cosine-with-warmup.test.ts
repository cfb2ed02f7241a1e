import type { CompatibilityPreset } from '@x/trainer-core';

import { expectClose } from './__fixtures__/close.js';
import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { ratesByEpoch, ratesByStep } from './__fixtures__/record.js';
import { expectExactResume } from './__fixtures__/resume.js';
import { CosineWithWarmup } from './cosine-with-warmup.js';
import type { CosineWithWarmupOptions } from './cosine-with-warmup.js';

function scheduled(
  options: CosineWithWarmupOptions,
  stepsPerEpoch: number | null = 5,
  compatibility: CompatibilityPreset = null,
): { optimizer: FakeOptimizer; scheduler: CosineWithWarmup } {
  const optimizer = new FakeOptimizer({ lr: 2 });
  return { optimizer, scheduler: new CosineWithWarmup(options, optimizer, 2, stepsPerEpoch, compatibility) };
}

test('the rate rises from 0, then follows half a wave to 0 at the end of the training', () => {
  const { optimizer, scheduler } = scheduled({ numWarmupSteps: 2 });
  const rates = ratesByStep(optimizer, scheduler, 11);
  expectClose([...rates.slice(0, 3), rates[4]!, rates[8]!], [0, 1, 2, 1 + Math.SQRT1_2, 1 - Math.SQRT1_2]);
  expectClose([rates[6]!, rates[10]!], [1, 0]);
});

test('a whole wave comes up again, and there is an end of its own', () => {
  const { optimizer, scheduler } = scheduled({ numWarmupSteps: 0, numTrainingSteps: 4, numCycles: 1 }, null);
  expectClose(ratesByStep(optimizer, scheduler, 5), [2, 1, 0, 1, 2]);
});

test('epochs count with per, and with the preset of AllenNLP 2', () => {
  for (const [per, compatibility] of [['epoch', null] as const, [undefined, 'allennlp-2'] as const]) {
    const options = { numWarmupSteps: 1, numTrainingSteps: 3, ...(per === undefined ? {} : { per }) };
    const { optimizer, scheduler } = scheduled(options, null, compatibility);
    expectClose(ratesByEpoch(optimizer, scheduler, 3), [0, 2, 1, 0]);
  }
});

test('a schedule by epochs ends with the training too', () => {
  const { optimizer, scheduler } = scheduled({ numWarmupSteps: 0, per: 'epoch' }, null);
  expectClose(ratesByEpoch(optimizer, scheduler, 2), [2, 1, 0]);
});

test('without the number of steps it says what to set, as with the preset of AllenNLP 2 without the option', () => {
  expect(() => scheduled({ numWarmupSteps: 1 }, null)).toThrow(
    /"cosine_with_warmup".*\n.*does not know.*set numTrainingSteps/,
  );
  expect(() => scheduled({ numWarmupSteps: 1 }, 5, 'allennlp-2')).toThrow(
    /numTrainingSteps: is required with .*"allennlp-2"/,
  );
});

test('resuming is exact', () => {
  expectExactResume(() => scheduled({ numWarmupSteps: 3 }), { epochs: 2, stepsPerEpoch: 5 });
});
