import type { Batch, MetricValues, Outputs } from '@x/trainer-core';
import { Metric, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { labelsKey, maskKey, predictionsKey, reportedName } from './options.js';
import { SummedMetric } from './summed-metric.js';
import { ratio } from './totals.js';
import { batchValues, checkSameElements, countedBy, outputValues } from './values.js';

export const BooleanAccuracyOptions = z.strictObject({
  predictions: predictionsKey,
  labels: labelsKey,
  mask: maskKey,
  threshold: z
    .number()
    .default(0.5)
    .describe('A prediction above it means true: 0.5 for probabilities, 0 for logits; labels are true above 0.5'),
  name: reportedName('boolean_accuracy'),
});

export type BooleanAccuracyOptions = z.input<typeof BooleanAccuracyOptions>;

/**
 * The share of rows that are right as a whole. Predictions and labels are [batch, ...]; a row is one example, and right
 * if all of its elements are. With a mask, elements that do not count cannot make a row wrong, and a row of which
 * nothing counts is left out.
 */
@Metric.register('boolean_accuracy', BooleanAccuracyOptions)
export class BooleanAccuracy extends SummedMetric {
  private readonly options: z.output<typeof BooleanAccuracyOptions>;

  constructor(options: BooleanAccuracyOptions = {}) {
    super(['correct', 'count']);
    this.options = parseOptions(BooleanAccuracyOptions, options, 'BooleanAccuracy');
  }

  /** @throws MetricError (`X_METRIC_UNKNOWN`) for a missing key; DataError (`X_DATA_INVALID`) for shapes that do not fit. */
  override async update(outputs: Readonly<Outputs>, batch: Batch): Promise<void> {
    const { mask, threshold } = this.options;
    const metric = 'boolean_accuracy';
    const predictions = await outputValues(metric, this.options.predictions, outputs);
    const labels = await batchValues(metric, this.options.labels, batch);
    checkSameElements(metric, predictions, labels);
    const [rows = 1] = predictions.shape;
    const maskValues = mask === undefined ? undefined : await batchValues(metric, mask, batch);
    const counts = countedBy(metric, maskValues, predictions.shape);
    const width = predictions.data.length / rows;
    for (let row = 0; row < rows; row++) {
      const elements = Array.from({ length: width }, (_, i) => row * width + i).filter(counts);
      if (elements.length === 0) continue;
      this.totals.add('count', 1);
      const right = elements.every((i) => predictions.data[i]! > threshold === labels.data[i]! > 0.5);
      if (right) this.totals.add('correct', 1);
    }
  }

  override compute({ correct, count }: Readonly<Record<string, number>>): MetricValues {
    return { [this.options.name]: ratio(correct, count) };
  }
}
