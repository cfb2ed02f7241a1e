import type { Batch, MetricValues, Outputs } from '@x/trainer-core';
import { DataError, Metric, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { classScores, largest, positionsOf } from './class-scores.js';
import { labelsKey, maskKey, predictionsKey } from './options.js';
import { SummedMetric } from './summed-metric.js';
import { ratio } from './totals.js';
import type { Values } from './values.js';
import { batchValues, checkSameElements, countedBy, outputValues } from './values.js';

export const F1Options = z
  .strictObject({
    predictions: predictionsKey,
    labels: labelsKey,
    mask: maskKey,
    positiveLabel: z.int().nonnegative().optional().describe('The class that is searched for; all others are negative'),
    average: z
      .enum(['micro', 'macro'])
      .optional()
      .describe('Over all classes: micro adds up their counts, macro is the mean of their values'),
    threshold: z
      .number()
      .optional()
      .describe('Set for predictions with one score a position, as a sigmoid gives: class 1 above it, class 0 else'),
    name: z.string().optional().describe('A prefix of the reported names: <name>_precision, <name>_recall, <name>_f1'),
  })
  .refine(({ positiveLabel, average }) => (positiveLabel === undefined) !== (average === undefined), {
    error: 'needs either positiveLabel (one class against the others) or average (over all classes)',
  });

export type F1Options = z.input<typeof F1Options>;

/** The class that was predicted and the true one, of each position. */
interface Decisions {
  readonly positions: readonly number[];
  readonly size: number;
  readonly classes: number;
  readonly predicted: (position: number) => number;
  readonly label: (position: number) => number;
}

/**
 * Precision, recall and their harmonic mean, as `precision`, `recall` and `f1`. What has nothing to divide by is 0.
 * The macro average is over the classes that occur as a label or as a prediction, as scikit-learn has it.
 *
 * Its sums are true positives, false positives and false negatives of each class.
 */
@Metric.register('f1', F1Options)
export class F1 extends SummedMetric {
  private readonly options: z.output<typeof F1Options>;

  constructor(options: F1Options) {
    super([]);
    this.options = parseOptions(F1Options, options, 'F1');
  }

  /**
   * @throws MetricError (`X_METRIC_UNKNOWN`) for a missing key; DataError (`X_DATA_INVALID`) for shapes that do not fit
   *   and for labels that are no class.
   */
  override async update(outputs: Readonly<Outputs>, batch: Batch): Promise<void> {
    const { mask, threshold } = this.options;
    const predictions = await outputValues('f1', this.options.predictions, outputs);
    const labels = await batchValues('f1', this.options.labels, batch);
    const maskValues = mask === undefined ? undefined : await batchValues('f1', mask, batch);
    const decisions =
      threshold === undefined ? bestClass(predictions, labels) : aboveThreshold(predictions, labels, threshold);
    const counts = countedBy('f1', maskValues, decisions.positions);
    const { tp, fp, fn } = confusion(decisions, labels.key, counts);
    for (let index = 0; index < decisions.classes; index++) {
      this.totals.add(`tp.${index}`, tp[index]!);
      this.totals.add(`fp.${index}`, fp[index]!);
      this.totals.add(`fn.${index}`, fn[index]!);
    }
  }

  override compute(sums: Readonly<Record<string, number>>): MetricValues {
    const { positiveLabel, average, name } = this.options;
    const prefix = name === undefined ? '' : `${name}_`;
    const { precision, recall, f1 } =
      positiveLabel === undefined ? averaged(sums, average ?? 'micro') : scoresOf(sums, [positiveLabel]);
    return { [`${prefix}precision`]: precision, [`${prefix}recall`]: recall, [`${prefix}f1`]: f1 };
  }
}

function bestClass(predictions: Values, labels: Values): Decisions {
  const scores = classScores('f1', predictions, labels);
  const { positions, classes, label } = scores;
  const predicted = (position: number): number => largest(classes, (index) => scores.score(position, index));
  return { positions, size: positionsOf(scores), classes, predicted, label };
}

function aboveThreshold(predictions: Values, labels: Values, threshold: number): Decisions {
  checkSameElements('f1', predictions, labels, ', as threshold is set');
  const { shape, data } = predictions;
  return {
    positions: shape,
    size: data.length,
    classes: 2,
    predicted: (position) => (data[position]! > threshold ? 1 : 0),
    label: (position) => labels.data[position]!,
  };
}

function confusion(
  decisions: Decisions,
  key: string,
  counts: (position: number) => boolean,
): Record<'tp' | 'fp' | 'fn', Float64Array> {
  const { size, classes, predicted, label } = decisions;
  const [tp, fp, fn] = [new Float64Array(classes), new Float64Array(classes), new Float64Array(classes)];
  for (let position = 0; position < size; position++) {
    if (!counts(position)) continue;
    const [guess, truth] = [predicted(position), label(position)];
    if (!(truth in fn)) {
      throw new DataError(
        'X_DATA_INVALID',
        `f1: "${key}" has the value ${truth}; expected a class from 0 to ${classes - 1}, or a mask that leaves it out`,
      );
    }
    if (guess === truth) {
      tp[truth]! += 1;
    } else {
      fp[guess]! += 1;
      fn[truth]! += 1;
    }
  }
  return { tp, fp, fn };
}

interface Scores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

function averaged(sums: Readonly<Record<string, number>>, average: 'micro' | 'macro'): Scores {
  const classes = Object.keys(sums).flatMap((key) => (key.startsWith('tp.') ? [Number(key.slice(3))] : []));
  if (average === 'micro') return scoresOf(sums, classes);
  const seen = classes.filter((index) => ['tp', 'fp', 'fn'].some((count) => sums[`${count}.${index}`] !== 0));
  const each = seen.map((index) => scoresOf(sums, [index]));
  const mean = (of: (scores: Scores) => number): number =>
    ratio(
      each.reduce((sum, scores) => sum + of(scores), 0),
      each.length,
    );
  return { precision: mean((s) => s.precision), recall: mean((s) => s.recall), f1: mean((s) => s.f1) };
}

/** Of the counts of some classes together. */
function scoresOf(sums: Readonly<Record<string, number>>, classes: readonly number[]): Scores {
  const total = (count: string): number => classes.reduce((sum, index) => sum + (sums[`${count}.${index}`] ?? 0), 0);
  const [tp, fp, fn] = [total('tp'), total('fp'), total('fn')];
  return { precision: ratio(tp, tp + fp), recall: ratio(tp, tp + fn), f1: ratio(2 * tp, 2 * tp + fp + fn) };
}
