import type { CompatibilityPreset } from '@x/trainer-core';

import type { Unit } from './progress-schedule.js';

/** The share of the learning rate in a linear warm-up from 0, and 1 after it. */
export function warmupFactor(progress: number, warmup: number): number {
  return progress < warmup ? progress / warmup : 1;
}

/** How far a training is between the end of its warm-up, 0, and its own, 1; more after that. */
export function afterWarmup(progress: number, warmup: number, total: number): number {
  return (progress - warmup) / Math.max(1, total - warmup);
}

/**
 * What the schedules of Hugging Face's transformers count. They are meant for steps, which AllenNLP 2 did not notice: it
 * calls them at the end of epochs.
 */
export function unitOfTransformers(per: Unit | undefined, compatibility: CompatibilityPreset): Unit {
  return per ?? (compatibility === 'allennlp-2' ? 'epoch' : 'step');
}
