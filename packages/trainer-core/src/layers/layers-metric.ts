import * as tf from '@tensorflow/tfjs-core';

import type { Batch, Outputs } from '../contracts/batch.js';
import { Metric } from '../contracts/metric.js';
import type { MetricValues } from '../contracts/metric.js';
import type { LossOrMetric } from './compiled.js';

/** A metric that a layers model was compiled with: the mean over batches, weighted by their sizes, as tfjs has it. */
export class LayersMetric extends Metric {
  private sum = 0;
  private count = 0;

  constructor(
    readonly name: string,
    private readonly outputName: string,
    private readonly measure: LossOrMetric,
    /** The labels of the output in a batch, null without any. */
    private readonly labelsOf: (batch: Batch) => tf.Tensor | null,
  ) {
    super();
  }

  override async update(outputs: Readonly<Outputs>, batch: Batch): Promise<void> {
    const predictions = outputs[this.outputName];
    if (predictions === undefined) return;
    const means = tf.tidy(() => {
      const labels = this.labelsOf(batch);
      return labels === null ? [] : [tf.mean(this.measure(labels, predictions))];
    });
    for (const mean of means) {
      const size = predictions.shape[0];
      this.sum += (await mean.data())[0]! * size;
      this.count += size;
      mean.dispose();
    }
  }

  override sums(): Readonly<Record<string, number>> {
    return { sum: this.sum, count: this.count };
  }

  override compute({ sum = 0, count = 0 }: Readonly<Record<string, number>>): MetricValues {
    return { [this.name]: count > 0 ? sum / count : 0 };
  }

  override reset(): void {
    this.sum = 0;
    this.count = 0;
  }

  override load({ sum = 0, count = 0 }: Readonly<Record<string, number>>): void {
    this.sum = sum;
    this.count = count;
  }
}
