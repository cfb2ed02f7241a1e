import type { StateDict } from '@x/trainer-core';
import { inject, LearningRateScheduler, Optimizer, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import type { GroupField } from './group-field.js';
import { learningRates } from './group-field.js';

export const NoamOptions = z.strictObject({
  modelSize: z.int().positive().describe('The width of the model'),
  warmupSteps: z.int().positive().describe('Steps of linear warm-up'),
  factor: z.number().positive().default(1).describe('A factor of the whole schedule'),
});

export type NoamOptions = z.input<typeof NoamOptions>;

/**
 * The schedule of the Transformer. At step n the learning rate of every group, whatever it is configured as, is
 * `factor * modelSize ** -0.5 * min(n ** -0.5, n * warmupSteps ** -1.5)`.
 *
 * Source: Vaswani et al., Attention Is All You Need (2017), equation 3.
 */
@LearningRateScheduler.register('noam', NoamOptions)
export class Noam extends LearningRateScheduler {
  private readonly options: z.output<typeof NoamOptions>;
  private readonly rates: GroupField;

  constructor(options: NoamOptions, @inject(Optimizer) optimizer: Optimizer) {
    super();
    this.options = parseOptions(NoamOptions, options, 'Noam');
    this.rates = learningRates(optimizer);
  }

  override step(): void {
    // the rate depends on the step alone
  }

  override stepBatch(batchNumTotal: number): void {
    const { modelSize, warmupSteps, factor } = this.options;
    const n = Math.max(batchNumTotal, 1);
    this.rates.set(() => factor * modelSize ** -0.5 * Math.min(n ** -0.5, n * warmupSteps ** -1.5));
  }

  override stateDict(): StateDict {
    return {};
  }

  override loadStateDict(): void {
    // the rate depends on the step alone
  }
}
