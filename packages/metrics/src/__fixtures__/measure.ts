import * as tf from '@tensorflow/tfjs-core';
import type { Metric, MetricValues, Outputs } from '@x/trainer-core';

/** The values of a metric after one batch, whose tensors are disposed. */
export async function measure(
  metric: Metric,
  outputs: Outputs,
  batch: Readonly<Record<string, tf.Tensor>>,
): Promise<MetricValues> {
  try {
    await metric.update(outputs, batch);
    return metric.compute(metric.sums());
  } finally {
    tf.dispose([outputs, batch]);
  }
}
