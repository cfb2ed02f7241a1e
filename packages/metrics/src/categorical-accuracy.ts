import type { Batch, MetricValues, Outputs } from '@x/trainer-core';
import { Metric, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import type { ClassScores } from './class-scores.js';
import { classScores, positionsOf } from './class-scores.js';
import { labelsKey, maskKey, predictionsKey } from './options.js';
import { SummedMetric } from './summed-metric.js';
import { ratio } from './totals.js';
import { batchValues, countedBy, outputValues } from './values.js';

export const CategoricalAccuracyOptions = z.strictObject({
  predictions: predictionsKey,
  labels: labelsKey,
  mask: maskKey,
  topK: z.int().positive().default(1).describe('A label counts as found among this many best classes'),
  name: z
    .string()
    .optional()
    .describe('The name under which the value is reported; default: accuracy, or accuracy_top<k> for topK above 1'),
});

export type CategoricalAccuracyOptions = z.input<typeof CategoricalAccuracyOptions>;

/**
 * The share of positions at which the true class is among the `topK` best-scored ones; of equal scores the lower class
 * goes first. Predictions are logits or probabilities [batch, classes] or [batch, time, classes], labels class numbers
 * or one-hot rows.
 */
@Metric.register('categorical_accuracy', CategoricalAccuracyOptions)
export class CategoricalAccuracy extends SummedMetric {
  private readonly options: z.output<typeof CategoricalAccuracyOptions>;

  constructor(options: CategoricalAccuracyOptions = {}) {
    super(['correct', 'count']);
    this.options = parseOptions(CategoricalAccuracyOptions, options, 'CategoricalAccuracy');
  }

  /** @throws MetricError (`X_METRIC_UNKNOWN`) for a missing key; DataError (`X_DATA_INVALID`) for shapes that do not fit. */
  override async update(outputs: Readonly<Outputs>, batch: Batch): Promise<void> {
    const { predictions, labels, mask, topK } = this.options;
    const metric = 'categorical_accuracy';
    const scores = classScores(
      metric,
      await outputValues(metric, predictions, outputs),
      await batchValues(metric, labels, batch),
    );
    const maskValues = mask === undefined ? undefined : await batchValues(metric, mask, batch);
    const counts = countedBy(metric, maskValues, scores.positions);
    for (let position = 0; position < positionsOf(scores); position++) {
      if (!counts(position)) continue;
      this.totals.add('count', 1);
      if (rankOfLabel(scores, position) < topK) this.totals.add('correct', 1);
    }
  }

  override compute({ correct, count }: Readonly<Record<string, number>>): MetricValues {
    const { topK, name = topK === 1 ? 'accuracy' : `accuracy_top${topK}` } = this.options;
    return { [name]: ratio(correct, count) };
  }
}

/** How many classes go before the true one. All do before a label that is no class, and before or after a NaN. */
function rankOfLabel({ classes, score, label }: ClassScores, position: number): number {
  const truth = label(position);
  if (!Number.isInteger(truth) || truth < 0 || truth >= classes) return classes;
  const own = score(position, truth);
  let rank = Number.isNaN(own) ? 1 : 0;
  for (let index = 0; index < classes; index++) {
    const other = score(position, index);
    const goesBehind = other < own || (other === own && index >= truth);
    if (!goesBehind && index !== truth) rank += 1;
  }
  return rank;
}
