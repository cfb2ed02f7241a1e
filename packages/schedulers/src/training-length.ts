import type { CompatibilityPreset } from '@x/trainer-core';
import { ConfigError } from '@x/trainer-core';

import type { Unit } from './progress-schedule.js';

/** What a schedule knows of the training that it is for. */
export interface Training {
  readonly numEpochs: number;
  /** Null where the data loader does not know how many batches an epoch has. */
  readonly stepsPerEpoch: number | null;
}

/**
 * The length of the whole training, in steps or epochs.
 *
 * @param scheduler its name, for messages.
 * @param remedy what to set in its options where the number of steps is unknown, for messages.
 * @throws ConfigError (`X_SCHEDULER`) where it is unknown.
 */
export function trainingLength(per: Unit, training: Training, scheduler: string, remedy: string): number {
  const { numEpochs, stepsPerEpoch } = training;
  if (per === 'epoch') return numEpochs;
  if (stepsPerEpoch !== null) return numEpochs * stepsPerEpoch;
  throw ConfigError.of(
    'X_SCHEDULER',
    'stepsPerEpoch',
    'received no number of steps, because the data loader does not know how many batches an epoch has; set its ' +
      `batchesPerEpoch, or ${remedy}`,
    `the scheduler "${scheduler}"`,
  );
}

/** The error for an option that we take from the training where it is left out, and a version of AllenNLP did not. */
export function requiredBy(preset: CompatibilityPreset, option: string, scheduler: string): ConfigError {
  return ConfigError.of(
    'X_SCHEDULER',
    option,
    `is required with the compatibility preset "${preset}", as it was there; set it, or choose another preset, with which it ` +
      'is the length of the training',
    `the scheduler "${scheduler}"`,
  );
}
