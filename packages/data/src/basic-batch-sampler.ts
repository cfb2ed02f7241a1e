import type { Built, Instance } from '@x/trainer-core';
import { BatchSampler, component, parseOptions, Sampler } from '@x/trainer-core';
import { z } from 'zod';

import { cut } from './cut.js';

export const BasicBatchSamplerOptions = z.strictObject({
  sampler: component(Sampler).describe('The order of examples'),
  batchSize: z.int().positive().describe('Examples in a batch; the last one may have fewer'),
  dropLast: z.boolean().default(false).describe('Whether a last batch with fewer examples is left out'),
});

export type BasicBatchSamplerOptions = Omit<z.input<typeof BasicBatchSamplerOptions>, 'sampler'> & {
  readonly sampler: Sampler;
};

/** Batches of what a sampler gives, in its order. */
@BatchSampler.register('basic', BasicBatchSamplerOptions)
export class BasicBatchSampler extends BatchSampler {
  private readonly options: Built<z.output<typeof BasicBatchSamplerOptions>>;

  /** @throws ConfigError for options that the schema refuses. */
  constructor(options: BasicBatchSamplerOptions) {
    super();
    this.options = parseOptions(BasicBatchSamplerOptions, options, 'BasicBatchSampler') as typeof this.options;
  }

  override batches(instances: readonly Instance[], epoch: number): number[][] {
    const { sampler, batchSize, dropLast } = this.options;
    return cut(sampler.indices(instances.length, epoch), batchSize, dropLast);
  }

  override length(instances: readonly Instance[]): number {
    return this.batches(instances, 0).length;
  }
}
