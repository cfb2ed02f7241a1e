import { inject, parseOptions, RandomStreams, RandomStreamsToken, Sampler } from '@x/trainer-core';
import { z } from 'zod';

import { shuffleStream } from './shuffle.js';

export const RandomSamplerOptions = z.strictObject({
  seed: z.int().optional().describe("The seed of the order; default: the run's, else 13370"),
  replacement: z.boolean().default(false).describe('Whether an example may come several times in an epoch'),
  numSamples: z.int().positive().nullish().describe('Examples in an epoch; default: as many as the data set has'),
});

export type RandomSamplerOptions = z.input<typeof RandomSamplerOptions>;

/** A new random order every epoch, a pure function of (seed, epoch). */
@Sampler.register('random', RandomSamplerOptions)
export class RandomSampler extends Sampler {
  private readonly options: z.output<typeof RandomSamplerOptions>;

  /** @throws ConfigError for options that the schema refuses. */
  constructor(
    options: RandomSamplerOptions = {},
    @inject(RandomStreamsToken, { optional: true }) private readonly run?: RandomStreams | undefined,
  ) {
    super();
    this.options = parseOptions(RandomSamplerOptions, options, 'RandomSampler');
  }

  /** Without replacement `numSamples` beyond the data set's size starts further passes, each with its own order. */
  override indices(size: number, epoch: number): Uint32Array {
    const { seed, replacement } = this.options;
    const numSamples = this.options.numSamples ?? size;
    const stream = shuffleStream(epoch, seed, this.run);
    if (size === 0) return new Uint32Array(0);
    if (replacement) return Uint32Array.from(stream.uniforms(numSamples), (u) => Math.floor(u * size));
    const indices = new Uint32Array(numSamples);
    for (let pass = 0; pass * size < numSamples; pass++) {
      const order = (pass === 0 ? stream : stream.at(pass)).permutation(size);
      indices.set(order.subarray(0, numSamples - pass * size), pass * size);
    }
    return indices;
  }
}
