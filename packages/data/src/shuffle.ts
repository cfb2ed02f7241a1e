import type { RandomStream } from '@x/trainer-core';
import { DEFAULT_SEED, RandomStreams } from '@x/trainer-core';

/** The stream that orders an epoch: of the given seed, else of the run, else of the default seed. */
export function shuffleStream(epoch: number, seed: number | undefined, run: RandomStreams | undefined): RandomStream {
  const streams = seed === undefined ? (run ?? new RandomStreams(DEFAULT_SEED)) : new RandomStreams(seed);
  return streams.stream('shuffle').at(epoch);
}
