import { ConfigError } from '@x/trainer-core';

/** A warm-up and a polynomial decay, in steps. */
export interface Polynomial {
  readonly totalSteps: number;
  readonly warmupSteps: number;
  readonly power: number;
  readonly endLearningRate: number;
}

/** The learning rate at step n: 0 to `initial` over the warm-up, then to the end rate, where it stays. */
export function polynomialAt(n: number, initial: number, schedule: Polynomial): number {
  const { totalSteps, warmupSteps, power, endLearningRate } = schedule;
  if (n < warmupSteps) return (initial * n) / warmupSteps;
  if (n >= totalSteps) return endLearningRate;
  const left = (totalSteps - n) / (totalSteps - warmupSteps);
  return left ** power * (initial - endLearningRate) + endLearningRate;
}

/**
 * The steps of the whole training.
 *
 * @throws ConfigError (`X_SCHEDULER`) where the data loader does not know how many an epoch has.
 */
export function stepsOfTraining(numEpochs: number, stepsPerEpoch: number | null, scheduler: string): number {
  if (stepsPerEpoch !== null) return numEpochs * stepsPerEpoch;
  throw ConfigError.of(
    'X_SCHEDULER',
    'stepsPerEpoch',
    'received no number of steps, because the data loader does not know how many batches an epoch has; set its ' +
      'batchesPerEpoch, or use "polynomial_decay" with totalSteps',
    `the scheduler "${scheduler}"`,
  );
}
