import type { EpochRequest } from '@x/trainer-core';

/** Where a batch is found: in which pass over the data, and its number in that pass. */
export interface BatchPlace {
  readonly pass: number;
  readonly index: number;
}

/**
 * The batches of an epoch, over all workers: one pass over the data, or where `batchesPerEpoch` is set that many
 * batches, an epoch going on where the one before stopped and starting the next pass in its middle.
 */
export function epochLength(passLength: number, batchesPerEpoch?: number): number {
  return passLength === 0 ? 0 : (batchesPerEpoch ?? passLength);
}

/** Every worker gets the same number of batches; what is left over, fewer than there are workers, is left out. */
export function workerLength(length: number, worldSize: number): number {
  return Math.floor(length / worldSize);
}

/** The places of a worker's batches in an epoch: worker r gets batches r, r + worldSize, ... of the epoch. */
export function* placesOf(request: EpochRequest, passLength: number, batchesPerEpoch?: number): Generator<BatchPlace> {
  const { epoch, start = 0, rank = 0, worldSize = 1 } = request;
  const length = epochLength(passLength, batchesPerEpoch);
  for (let i = start; i < workerLength(length, worldSize); i++) {
    const number = epoch * length + i * worldSize + rank;
    yield { pass: Math.floor(number / passLength), index: number % passLength };
  }
}
