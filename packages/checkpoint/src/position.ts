import type { CheckpointPosition } from '@x/trainer-core';

/** Where a checkpoint stands in the training, and how often that place has been saved before. */
export interface Place {
  readonly epoch: number;
  readonly batchesThisEpoch: number;
  /** 1, and one more each time the same position is saved again. */
  readonly attempt: number;
}

const FOLDER = /^epoch_(0|[1-9]\d*)(?:_step_([1-9]\d*))?(?:\.([2-9]|[1-9]\d+))?$/;

/** The name of a checkpoint's folder: `epoch_3` at the end of epoch 3, `epoch_3_step_120` within it. */
export function folderName({ epoch, batchesThisEpoch, attempt }: Place): string {
  const step = batchesThisEpoch > 0 ? `_step_${batchesThisEpoch}` : '';
  return `epoch_${epoch}${step}${attempt > 1 ? `.${attempt}` : ''}`;
}

/** The place that a folder's name stands for; undefined for names that {@link folderName} does not make. */
export function parseFolderName(name: string): Place | undefined {
  const match = FOLDER.exec(name);
  if (match === null) return undefined;
  return { epoch: Number(match[1]), batchesThisEpoch: Number(match[2] ?? 0), attempt: Number(match[3] ?? 1) };
}

/**
 * Orders places by training time: by epochs completed, then by steps of the unfinished epoch. So the end of an epoch
 * comes after all of its steps.
 */
export function comparePlaces(a: Place, b: Place): number {
  return epochsCompleted(a) - epochsCompleted(b) || a.batchesThisEpoch - b.batchesThisEpoch || a.attempt - b.attempt;
}

/** Whether two checkpoints were taken at one point of the training. */
export function samePosition(
  a: Omit<CheckpointPosition, 'batchNumTotal'>,
  b: Omit<CheckpointPosition, 'batchNumTotal'>,
): boolean {
  return a.epoch === b.epoch && a.batchesThisEpoch === b.batchesThisEpoch;
}

function epochsCompleted({ epoch, batchesThisEpoch }: Place): number {
  return batchesThisEpoch === 0 ? epoch + 1 : epoch;
}
