import type { Batch, MetricValues, Outputs } from '@x/trainer-core';
import { batchSize, Metric, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { reportedName } from './options.js';
import { SummedMetric } from './summed-metric.js';
import { ratio } from './totals.js';
import { outputValues } from './values.js';

export const MeanLossOptions = z.strictObject({
  loss: z.string().default('loss').describe('The key of a scalar in the outputs of the model'),
  name: reportedName('mean_loss'),
});

export type MeanLossOptions = z.input<typeof MeanLossOptions>;

/**
 * The mean of the loss over examples: each batch's loss counts by its number of examples, unlike the trainer's own
 * `loss`, in which every batch counts the same. A batch without tensors counts as one example.
 */
@Metric.register('mean_loss', MeanLossOptions)
export class MeanLoss extends SummedMetric {
  private readonly options: z.output<typeof MeanLossOptions>;

  constructor(options: MeanLossOptions = {}) {
    super(['loss', 'count']);
    this.options = parseOptions(MeanLossOptions, options, 'MeanLoss');
  }

  /** @throws MetricError (`X_METRIC_UNKNOWN`) if the outputs have no loss. */
  override async update(outputs: Readonly<Outputs>, batch: Batch): Promise<void> {
    const { data } = await outputValues('mean_loss', this.options.loss, outputs);
    const weight = batchSize(batch) || 1;
    this.totals.add('loss', data[0]! * weight);
    this.totals.add('count', weight);
  }

  override compute({ loss, count }: Readonly<Record<string, number>>): MetricValues {
    return { [this.options.name]: ratio(loss, count) };
  }
}
