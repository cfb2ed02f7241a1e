import type { RandomStream } from '@x/trainer-core';
import { DataError, inject, parseOptions, RandomStreams, RandomStreamsToken, Sampler } from '@x/trainer-core';
import { z } from 'zod';

import { shuffleStream } from './shuffle.js';

export const WeightedRandomSamplerOptions = z
  .strictObject({
    weights: z
      .array(z.number().nonnegative())
      .min(1)
      .describe('How likely each example is, in proportion to the others; they need not sum to 1'),
    numSamples: z.int().positive().describe('Examples in an epoch'),
    replacement: z.boolean().default(true).describe('Whether an example may come several times in an epoch'),
    seed: z.int().optional().describe("The seed of the order; default: the run's, else 13370"),
  })
  .superRefine(({ weights, numSamples, replacement }, context) => {
    const possible = weights.filter((weight) => weight > 0).length;
    const refuse = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
    if (possible === 0) refuse('weights', 'are all 0: no example can be drawn');
    else if (!replacement && numSamples > possible) {
      refuse('numSamples', `is ${numSamples}, but without replacement only ${possible} examples have a weight above 0`);
    }
  });

export type WeightedRandomSamplerOptions = z.input<typeof WeightedRandomSamplerOptions>;

/** Examples drawn by weight, such as rare classes more often: new ones every epoch, a pure function of (seed, epoch). */
@Sampler.register('weighted_random', WeightedRandomSamplerOptions)
export class WeightedRandomSampler extends Sampler {
  private readonly options: z.output<typeof WeightedRandomSamplerOptions>;

  /** @throws ConfigError for options that the schema refuses. */
  constructor(
    options: WeightedRandomSamplerOptions,
    @inject(RandomStreamsToken, { optional: true }) private readonly run?: RandomStreams | undefined,
  ) {
    super();
    this.options = parseOptions(WeightedRandomSamplerOptions, options, 'WeightedRandomSampler');
  }

  /** @throws DataError (`X_DATA_INVALID`) unless there is a weight for each example. */
  override indices(size: number, epoch: number): Uint32Array {
    const { weights, numSamples, replacement, seed } = this.options;
    if (weights.length !== size) {
      throw new DataError(
        'X_DATA_INVALID',
        `the sampler weighted_random has ${weights.length} weights, but the data set has ${size} examples; give one each`,
      );
    }
    const draw = replacement ? withReplacement : withoutReplacement;
    return draw(weights, numSamples, shuffleStream(epoch, seed, this.run));
  }
}

function withReplacement(weights: readonly number[], count: number, stream: RandomStream): Uint32Array {
  const sums = new Float64Array(weights.length);
  let total = 0;
  weights.forEach((weight, i) => (sums[i] = total += weight));
  return Uint32Array.from(stream.uniforms(count), (u) => firstAbove(sums, u * total));
}

/** The place of the first of some ascending numbers that is greater than `value`. */
function firstAbove(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Each example waits for an exponential time with its weight as the rate; those that come first are drawn, in that order
 * (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006).
 */
function withoutReplacement(weights: readonly number[], count: number, stream: RandomStream): Uint32Array {
  const waits = Float64Array.from(stream.uniforms(weights.length), (u, i) => -Math.log1p(-u) / weights[i]!);
  const possible = Array.from(weights.keys()).filter((i) => weights[i]! > 0);
  return Uint32Array.from(possible.sort((a, b) => waits[a]! - waits[b]!).slice(0, count));
}
