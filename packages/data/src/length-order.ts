import type { Instance, RandomStream, RandomStreams } from '@x/trainer-core';
import { z } from 'zod';

import type { Sorted } from './by-length.js';
import { longestField, sortedByLength } from './by-length.js';
import { shuffleStream } from './shuffle.js';

/** The options of batch samplers that put examples of about the same length together. */
export const lengthOptions = {
  sortingKeys: z
    .array(z.string())
    .nullish()
    .describe(
      'Fields whose lengths order the examples, the first one first; default: the one with the longest list in the first 12 examples',
    ),
  paddingNoise: z
    .number()
    .nonnegative()
    .default(0.1)
    .describe('Lengths are changed by up to this fraction before sorting, so that batches differ between epochs'),
  shuffle: z
    .boolean()
    .default(true)
    .describe('Whether the batches come in a random order; false: short examples first, and no noise'),
  seed: z.int().optional().describe("The seed of noise and order; default: the run's, else 13370"),
};

type LengthSettings = z.output<z.ZodObject<typeof lengthOptions>>;

/** The order of examples before they are cut into batches, and the order of the batches. Pure functions of the epoch. */
export class LengthOrder {
  constructor(
    private readonly settings: LengthSettings,
    private readonly run: RandomStreams | undefined,
  ) {}

  /** Whether every epoch has the same batches, in another order at most. */
  get isFixed(): boolean {
    return !this.settings.shuffle || this.settings.paddingNoise === 0;
  }

  /**
   * The fields whose lengths decide: those of the options, or the one with the longest list in the first instances.
   *
   * @throws DataError (`X_DATA_INVALID`) if there are instances, none of which has a list.
   */
  sortingKeys(instances: readonly Instance[]): readonly string[] {
    const { sortingKeys } = this.settings;
    return sortingKeys == null || sortingKeys.length === 0 ? longestField(instances) : sortingKeys;
  }

  /** @throws as {@link sortingKeys} and {@link sortedByLength}. */
  sorted(instances: readonly Instance[], epoch: number): Sorted[] {
    const { paddingNoise } = this.settings;
    const noise = this.isFixed ? undefined : { part: paddingNoise, stream: this.stream(epoch).at('noise') };
    return sortedByLength(instances, this.sortingKeys(instances), noise);
  }

  shuffled(batches: number[][], epoch: number): number[][] {
    if (!this.settings.shuffle) return batches;
    return Array.from(this.stream(epoch).at('batches').permutation(batches.length), (i) => batches[i]!);
  }

  private stream(epoch: number): RandomStream {
    return shuffleStream(epoch, this.settings.seed, this.run);
  }
}
