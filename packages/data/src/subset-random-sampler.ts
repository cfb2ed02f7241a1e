import { inject, parseOptions, RandomStreams, RandomStreamsToken, Sampler } from '@x/trainer-core';
import { DataError } from '@x/trainer-core';
import { z } from 'zod';

import { shuffleStream } from './shuffle.js';

export const SubsetRandomSamplerOptions = z.strictObject({
  indices: z.array(z.int().nonnegative()).min(1).describe('The numbers of the examples, from 0; no others are used'),
  seed: z.int().optional().describe("The seed of the order; default: the run's, else 13370"),
});

export type SubsetRandomSamplerOptions = z.input<typeof SubsetRandomSamplerOptions>;

/** Some of the examples, in a new random order every epoch. */
@Sampler.register('subset_random', SubsetRandomSamplerOptions)
export class SubsetRandomSampler extends Sampler {
  private readonly options: z.output<typeof SubsetRandomSamplerOptions>;

  /** @throws ConfigError for options that the schema refuses. */
  constructor(
    options: SubsetRandomSamplerOptions,
    @inject(RandomStreamsToken, { optional: true }) private readonly run?: RandomStreams | undefined,
  ) {
    super();
    this.options = parseOptions(SubsetRandomSamplerOptions, options, 'SubsetRandomSampler');
  }

  /** @throws DataError (`X_DATA_INVALID`) if an index is beyond the data set. */
  override indices(size: number, epoch: number): Uint32Array {
    const { indices, seed } = this.options;
    const beyond = indices.find((index) => index >= size);
    if (beyond !== undefined) {
      throw new DataError(
        'X_DATA_INVALID',
        `the sampler subset_random has the index ${beyond}, but the data set has ${size} examples, from 0 to ${size - 1}`,
      );
    }
    return shuffleStream(epoch, seed, this.run)
      .permutation(indices.length)
      .map((i) => indices[i]!);
  }
}
