import type { CompatibilityPreset } from '@x/trainer-core';
import { z } from 'zod';

import type { ProgressRule } from './progress-schedule.js';
import { Unit } from './progress-schedule.js';
import { requiredBy, trainingLength } from './training-length.js';
import type { Training } from './training-length.js';

/** The options of the schedules with warm-up of Hugging Face's transformers. */
export const warmupFields = {
  numWarmupSteps: z.int().nonnegative().describe('Steps (or epochs, as `per` says) of linear warm-up from 0'),
  per: Unit.optional().describe(
    'What is counted: steps, or epochs as AllenNLP 2 does; default: by compatibility, "step"',
  ),
} as const;

/** The options of those of them that end with the training. */
export const warmupAndDecayFields = {
  ...warmupFields,
  numTrainingSteps: z
    .int()
    .positive()
    .optional()
    .describe('Steps (or epochs) until the end of the schedule; default: those of the training'),
} as const;

/** The share of the learning rate in a linear warm-up from 0, and 1 after it. */
export function warmupFactor(progress: number, warmup: number): number {
  return progress < warmup ? progress / warmup : 1;
}

/**
 * What the schedules of Hugging Face's transformers count. They are meant for steps, which AllenNLP 2 did not notice: it
 * calls them at the end of epochs.
 */
export function unitOfTransformers(per: Unit | undefined, compatibility: CompatibilityPreset): Unit {
  return per ?? (compatibility === 'allennlp-2' ? 'epoch' : 'step');
}

/**
 * A linear warm-up from 0 and then a decay.
 *
 * @param decay the share of the initial rate that is left after a share of the training, 0 at the end of the warm-up, 1 at
 * the end of the schedule, and more after it.
 * @param scheduler its name, for messages.
 * @throws ConfigError (`X_SCHEDULER`) if `numTrainingSteps` is left out and the steps of an epoch are unknown, or, as in
 * AllenNLP 2, with the compatibility preset `allennlp-2`.
 */
export function warmupAndDecay(
  options: z.output<z.ZodObject<typeof warmupAndDecayFields>>,
  training: Training,
  compatibility: CompatibilityPreset,
  decay: (share: number) => number,
  scheduler: string,
): ProgressRule {
  const { numWarmupSteps, numTrainingSteps } = options;
  if (numTrainingSteps === undefined && compatibility === 'allennlp-2') {
    throw requiredBy(compatibility, 'numTrainingSteps', scheduler);
  }
  const per = unitOfTransformers(options.per, compatibility);
  const total = numTrainingSteps ?? trainingLength(per, training, scheduler, 'set numTrainingSteps');
  const rest = Math.max(1, total - numWarmupSteps);
  return {
    per,
    value: (initial, done) =>
      initial * (done < numWarmupSteps ? warmupFactor(done, numWarmupSteps) : decay((done - numWarmupSteps) / rest)),
  };
}
