import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { MomentumDescent } from '../__fixtures__/small-run.js';
import { BatchCallback } from '../contracts/callbacks.js';
import type { BatchEvent } from '../contracts/callbacks.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import type { ModelLike } from '../contracts/model.js';
import { ParameterSet } from '../state/parameters.js';
import type { PartialObjects } from './gradient-descent-options.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';

/** loss = w + value, whose gradient is 1; the batch may ask for another slope. Starts at w = 0. */
class Sum implements ModelLike {
  readonly w = tf.tidy(() => tf.variable(tf.scalar(0)));

  constructor(private readonly penalty = 0) {}

  namedVariables(): Record<string, tf.Variable> {
    return { w: this.w };
  }

  forward({ value, slope }: Batch): Outputs {
    return { loss: tf.add(tf.mul(this.w, slope as tf.Tensor), value as tf.Tensor) };
  }

  regularizationPenalty(): tf.Scalar {
    return tf.scalar(this.penalty);
  }
}

function batchOf(value: number, slope: number): Batch {
  return { value: tf.scalar(value), slope: tf.scalar(slope) };
}

function trainerOf(model: Sum, batches: readonly Batch[], options: Partial<PartialObjects>): GradientDescentTrainer {
  const optimizer = new MomentumDescent({ lr: 1 }, ParameterSet.of(model.namedVariables()));
  return new GradientDescentTrainer({ model, dataLoader: batches, numEpochs: 1, ...options, optimizer });
}

/** The loss of every micro-batch, as callbacks see it. */
class Losses extends BatchCallback {
  readonly training: number[][] = [];

  override onBatch(_: GradientDescentTrainer, { batchOutputs, isTraining }: BatchEvent): void {
    if (isTraining) this.training.push(batchOutputs.map(({ loss }) => loss!.dataSync()[0]!));
  }
}

it('training loss is the mean over groups of their means, penalty included, whatever the size of the last group', async () => {
  // the worked example of the original's specification: penalty 0.5, groups (1, 3) and (4)
  const batches = [1, 3, 4].map((value) => batchOf(value, 0));
  const losses = new Losses();
  const metrics = await trainerOf(new Sum(0.5), batches, {
    numGradientAccumulationSteps: 2,
    validationDataLoader: batches,
    batchCallbacks: [losses],
  }).train();
  expect(losses.training).toEqual([[1.5, 3.5], [4.5]]);
  expect(metrics).toMatchObject({ training_loss: 3.5, training_reg_loss: 0.5, validation_reg_loss: 0 });
  expect(metrics['validation_loss']).toBeCloseTo(8 / 3, 6);
});

it('a step divides by the actual size of its group', async () => {
  const model = new Sum();
  await trainerOf(
    model,
    [2, 4, 6].map((slope) => batchOf(0, slope)),
    { numGradientAccumulationSteps: 2 },
  ).train();
  // (2 + 4) / 2, then 6 / 1
  expect(model.w.dataSync()[0]).toBe(-9);
});

it.each([
  // each share of 2 and 4 is clamped to 1, and the sum of 2 is kept
  ['microBatch', -2],
  // the accumulated 6 is clamped to 1
  ['step', -1],
] as const)('gradClippingAt %s clamps there', async (gradClippingAt, w) => {
  const model = new Sum();
  const batches = [4, 8].map((slope) => batchOf(0, slope));
  await trainerOf(model, batches, { numGradientAccumulationSteps: 2, gradClipping: 1, gradClippingAt }).train();
  expect(model.w.dataSync()[0]).toBe(w);
});

it('the norm is bounded after micro-batches were clamped and added up', async () => {
  const model = new Sum();
  const batches = [4, 8].map((slope) => batchOf(0, slope));
  await trainerOf(model, batches, { numGradientAccumulationSteps: 2, gradClipping: 1, gradNorm: 0.5 }).train();
  expect(model.w.dataSync()[0]).toBeCloseTo(-2 * (0.5 / (2 + 1e-6)), 6);
});

it.each([null, 0, false])('gradNorm %p is off', async (gradNorm) => {
  const model = new Sum();
  await trainerOf(model, [batchOf(0, 8)], { gradNorm }).train();
  expect(model.w.dataSync()[0]).toBe(-8);
});

it('gradClipping 0 is on, and stops all learning', async () => {
  const model = new Sum();
  await trainerOf(model, [batchOf(0, 8)], { gradClipping: 0 }).train();
  expect(model.w.dataSync()[0]).toBeCloseTo(0);
});
