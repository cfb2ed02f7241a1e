import type { EpochRequest } from '@x/trainer-core';

/** Where a batch is found: in which pass over the data, and its number in that pass. */
export interface BatchPlace {
  readonly pass: number;
  readonly index: number;
}

/** The passes over the data that epochs are made of. */
export interface Passes {
  /** The number of batches in a pass. */
  length(pass: number): number;
}

/** Every worker gets the same number of batches; what is left over, fewer than there are workers, is left out. */
export function workerLength(length: number, worldSize: number): number {
  return Math.floor(length / worldSize);
}

/**
 * The places of a worker's batches in an epoch: worker r gets batches r, r + worldSize, ... of it. An epoch is one pass
 * over the data, or where `batchesPerEpoch` is set that many batches: it goes on where the one before stopped, and starts
 * the next pass in its middle.
 */
export function* placesOf(request: EpochRequest, passes: Passes, batchesPerEpoch?: number): Generator<BatchPlace> {
  const { epoch, start = 0, rank = 0, worldSize = 1 } = request;
  if (passes.length(0) === 0) return;
  const length = batchesPerEpoch ?? passes.length(epoch);
  let pass = batchesPerEpoch === undefined ? epoch : 0;
  let before = batchesPerEpoch === undefined ? 0 : -epoch * length;
  for (let i = start; i < workerLength(length, worldSize); i++) {
    const number = i * worldSize + rank;
    while (number - before >= passes.length(pass)) before += passes.length(pass++);
    yield { pass, index: number - before };
  }
}
