import type { Batch, MetricValues, Outputs } from '@x/trainer-core';
import { Metric, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { labelsKey, maskKey, reportedName } from './options.js';
import { SummedMetric } from './summed-metric.js';
import { ratio } from './totals.js';
import { batchValues, checkSameElements, countedBy, outputValues } from './values.js';

export const MeanAbsoluteErrorOptions = z.strictObject({
  predictions: z.string().default('predictions').describe('The key of the predictions in the outputs of the model'),
  labels: labelsKey,
  mask: maskKey,
  name: reportedName('mean_absolute_error'),
});

export type MeanAbsoluteErrorOptions = z.input<typeof MeanAbsoluteErrorOptions>;

/** The mean of |prediction - label| over all elements, in the unit of the labels. [batch] goes with [batch, 1]. */
@Metric.register('mean_absolute_error', MeanAbsoluteErrorOptions)
export class MeanAbsoluteError extends SummedMetric {
  private readonly options: z.output<typeof MeanAbsoluteErrorOptions>;

  constructor(options: MeanAbsoluteErrorOptions = {}) {
    super(['error', 'count']);
    this.options = parseOptions(MeanAbsoluteErrorOptions, options, 'MeanAbsoluteError');
  }

  /** @throws MetricError (`X_METRIC_UNKNOWN`) for a missing key; DataError (`X_DATA_INVALID`) for shapes that do not fit. */
  override async update(outputs: Readonly<Outputs>, batch: Batch): Promise<void> {
    const metric = 'mean_absolute_error';
    const predictions = await outputValues(metric, this.options.predictions, outputs);
    const labels = await batchValues(metric, this.options.labels, batch);
    checkSameElements(metric, predictions, labels);
    const { mask } = this.options;
    const maskValues = mask === undefined ? undefined : await batchValues(metric, mask, batch);
    const counts = countedBy(metric, maskValues, predictions.shape);
    for (let i = 0; i < predictions.data.length; i++) {
      if (!counts(i)) continue;
      this.totals.add('error', Math.abs(predictions.data[i]! - labels.data[i]!));
      this.totals.add('count', 1);
    }
  }

  override compute({ error, count }: Readonly<Record<string, number>>): MetricValues {
    return { [this.options.name]: ratio(error, count) };
  }
}
