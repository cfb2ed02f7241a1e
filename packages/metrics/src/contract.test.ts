import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { Metric } from '@x/trainer-core';
import type { MetricExample } from '@x/testing';
import { metricContract } from '@x/testing';

import { BooleanAccuracy, CategoricalAccuracy, F1, MeanAbsoluteError, MeanLoss } from './index.js';

/** Three batches of three classes, of unequal sizes; some of it is masked. */
const examples = (): MetricExample[] =>
  [
    { labels: [0, 1, 2, 1], mask: [1, 1, 0, 1] },
    { labels: [2, 0], mask: [1, 1] },
    { labels: [1, 1, 0, 2, 2], mask: [0, 1, 1, 1, 1] },
  ].map(({ labels, mask }, batch) => ({
    outputs: {
      logits: tf.tensor2d(
        labels.map((label, i) => [0, 1, 2].map((k) => Math.sin(3 * k + i + batch) + (k === label ? 0.8 : 0))),
      ),
      predictions: tf.tensor1d(labels.map((label, i) => label / 2 + 0.1 * i)),
      loss: tf.scalar(1 + batch / 3),
    },
    batch: { labels: tf.tensor1d(labels, 'int32'), mask: tf.tensor1d(mask) },
  }));

const metrics: Readonly<Record<string, () => Metric>> = {
  MeanLoss: () => new MeanLoss(),
  CategoricalAccuracy: () => new CategoricalAccuracy(),
  'CategoricalAccuracy, top 2, masked': () => new CategoricalAccuracy({ topK: 2, mask: 'mask' }),
  BooleanAccuracy: () => new BooleanAccuracy({ predictions: 'predictions' }),
  'F1 of a class': () => new F1({ positiveLabel: 1 }),
  'F1, macro': () => new F1({ average: 'macro' }),
  'F1, micro, masked': () => new F1({ average: 'micro', mask: 'mask' }),
  MeanAbsoluteError: () => new MeanAbsoluteError(),
};

for (const [name, make] of Object.entries(metrics)) metricContract({ describe, it }, { name, make, examples });
