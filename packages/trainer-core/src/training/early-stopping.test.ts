import '@tensorflow/tfjs';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';

import { lineBatches, LineModel, MemoryCheckpointer, MomentumDescent } from '../__fixtures__/small-run.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import { EpochCallback, TrainerCallback } from '../contracts/callbacks.js';
import type { EpochEvent, TrainerView } from '../contracts/callbacks.js';
import type { TrainingMetrics } from '../contracts/trainer.js';
import { LearningRateScheduler } from '../contracts/scheduler.js';
import { ParameterSet } from '../state/parameters.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';

/** A model whose validation losses are given, epoch by epoch (one validation batch an epoch). */
class Scripted extends LineModel {
  private epoch = 0;

  constructor(private readonly losses: readonly number[]) {
    super();
  }

  override forward(batch: Batch, mode: { training: boolean }): Outputs {
    const outputs = super.forward(batch, mode);
    return mode.training ? outputs : { ...outputs, loss: tf.scalar(this.losses[this.epoch++]!) };
  }
}

class Epochs extends EpochCallback {
  readonly seen: number[] = [];
  onEpoch(_: GradientDescentTrainer, { epoch }: EpochEvent): void {
    this.seen.push(epoch);
  }
}

class CountsSteps extends LearningRateScheduler {
  readonly metrics: (number | null | undefined)[] = [];
  override step(metric?: number | null): void {
    this.metrics.push(metric);
  }
  override stateDict(): Record<string, never> {
    return {};
  }
  override loadStateDict(): void {}
}

const folder = mkdtempSync(join(tmpdir(), 'early-stopping-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('breaks before schedulers, metrics file, checkpoint and callbacks of the epoch that ran out of patience', async () => {
  const model = new Scripted([3, 2, 2.5, 2.25, 1]);
  const checkpointer = new MemoryCheckpointer();
  const epochs = new Epochs();
  const scheduler = new CountsSteps();
  const trainer = new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
    dataLoader: lineBatches(2),
    validationDataLoader: lineBatches(1),
    learningRateScheduler: scheduler,
    serializationDir: folder,
    checkpointer,
    patience: 2,
    epochCallbacks: [epochs],
  });
  const metrics = await trainer.train();
  expect(epochs.seen).toEqual([-1, 0, 1, 2]);
  expect(scheduler.metrics).toEqual([3, 2, 2.5]);
  expect(checkpointer.positions.map(({ epoch, isBestSoFar }) => [epoch, isBestSoFar])).toEqual([
    [0, true],
    [1, true],
    [2, false],
  ]);
  expect(readdirSync(folder).sort()).toEqual(['metrics_epoch_0.json', 'metrics_epoch_1.json', 'metrics_epoch_2.json']);
  expect(metrics).toMatchObject({
    epoch: 2,
    training_epochs: 2,
    best_epoch: 1,
    best_validation_loss: 2,
    validation_loss: 2.5,
  });
});

it('or, at the end of the epoch, after all of them', async () => {
  const model = new Scripted([3, 2, 2.5, 2.25, 1]);
  const checkpointer = new MemoryCheckpointer();
  const epochs = new Epochs();
  const scheduler = new CountsSteps();
  const metrics = await new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
    dataLoader: lineBatches(2),
    validationDataLoader: lineBatches(1),
    learningRateScheduler: scheduler,
    checkpointer,
    patience: 2,
    earlyStoppingAt: 'epochEnd',
    epochCallbacks: [epochs],
  }).train();
  expect(epochs.seen).toEqual([-1, 0, 1, 2, 3]);
  expect(scheduler.metrics).toEqual([3, 2, 2.5, 2.25]);
  expect(checkpointer.positions.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3]);
  expect(metrics).toMatchObject({ epoch: 3, validation_loss: 2.25, best_epoch: 1, best_validation_loss: 2 });
});

it('epochs that are not validated do not count for patience', async () => {
  class EveryOther extends TrainerCallback {
    override onEpochStart({ epoch, control }: TrainerView): void {
      if (epoch % 2 === 1) control.skipValidation();
    }
  }
  const model = new Scripted([3, 4, 5, 6]);
  const epochs = new Epochs();
  await new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
    dataLoader: lineBatches(2),
    validationDataLoader: lineBatches(1),
    patience: 2,
    epochCallbacks: [epochs],
    callbacks: [new EveryOther()],
  }).train();
  expect(epochs.seen).toEqual([-1, 0, 1, 2, 3]);
});

it('without validation the last epoch is always the best', async () => {
  const model = new LineModel();
  const metrics = await new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
    dataLoader: lineBatches(2),
    numEpochs: 3,
    patience: 1,
  }).train();
  expect(metrics).toMatchObject({ best_epoch: 2, epoch: 2 });
});

it('a resumed run that stops in its first epoch returns the last epoch that was saved, as if it had not been stopped', async () => {
  const checkpointer = new MemoryCheckpointer();
  const train = (model: LineModel, numEpochs: number): Promise<TrainingMetrics> =>
    new GradientDescentTrainer({
      model,
      optimizer: new MomentumDescent({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
      dataLoader: lineBatches(2),
      validationDataLoader: lineBatches(1),
      checkpointer,
      patience: 2,
      numEpochs,
    }).train();
  const before = await train(new Scripted([2, 3]), 2);
  const resumed = await train(new Scripted([4]), 9);
  expect(resumed).toMatchObject({ best_epoch: 0, best_validation_loss: 2 });
  const { peak_worker_0_memory_MB: _, ...known } = before;
  expect(resumed).toMatchObject({ ...known, epoch: 1, validation_loss: 3 });
});
