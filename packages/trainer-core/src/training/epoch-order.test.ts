import '@tensorflow/tfjs';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { lineBatches, LineModel, MemoryCheckpointer, MomentumDescent } from '../__fixtures__/small-run.js';
import { EpochCallback } from '../contracts/callbacks.js';
import type { EpochEvent } from '../contracts/callbacks.js';
import { LearningRateScheduler, MomentumScheduler } from '../contracts/scheduler.js';
import type { MetricValues } from '../contracts/metric.js';
import { TensorboardWriter } from '../contracts/tensorboard-writer.js';
import type { LogNeeds } from '../contracts/tensorboard-writer.js';
import { ParameterSet } from '../state/parameters.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';

const folder = mkdtempSync(join(tmpdir(), 'epoch-order-'));
afterAll(() => rmSync(folder, { recursive: true }));

const metricsFile = join(folder, 'metrics_epoch_0.json');
const events: string[] = [];

/** Writes down that something happened, and whether the metrics file of the first epoch was there. */
function note(what: string): void {
  events.push(`${what}${existsSync(metricsFile) ? ', file' : ''}`);
}

class Board extends TensorboardWriter {
  override needs(): LogNeeds {
    return { gradients: false, parametersBefore: false };
  }

  override async logBatch(): Promise<void> {}
  override addScalar(): void {}
  override logMemory(): void {}

  override async logMetrics(training: MetricValues, validation: MetricValues, epoch: number): Promise<void> {
    note(`tensorboard ${epoch} ${[training, validation].map((values) => 'error' in values).join()}`);
  }

  override async close(): Promise<void> {
    note('tensorboard closed');
  }
}

class LearningRate extends LearningRateScheduler {
  override step(metric?: number | null): void {
    note(`learning rate ${typeof metric}`);
  }

  override stepBatch(batchNumTotal: number): void {
    note(`learning rate, step ${batchNumTotal}`);
  }

  override stateDict(): Record<string, never> {
    return {};
  }

  override loadStateDict(): void {}
}

class Momentum extends MomentumScheduler {
  override step(metric?: number | null): void {
    note(`momentum ${typeof metric}`);
  }

  override stepBatch(batchNumTotal: number): void {
    note(`momentum, step ${batchNumTotal}`);
  }

  override stateDict(): Record<string, never> {
    return {};
  }

  override loadStateDict(): void {}
}

class NotingCheckpointer extends MemoryCheckpointer {
  override async saveCheckpoint(...args: Parameters<MemoryCheckpointer['saveCheckpoint']>): Promise<void> {
    note('checkpoint');
    await super.saveCheckpoint(...args);
  }
}

class Epochs extends EpochCallback {
  override onEpoch(_: GradientDescentTrainer, { epoch }: EpochEvent): void {
    note(`epoch ${epoch}`);
  }
}

it('an epoch ends as the original ends it: log, file, schedulers, checkpoint, callbacks, with 1.0’s rule for the last two', async () => {
  const model = new LineModel();
  const metrics = await new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
    dataLoader: lineBatches(2),
    validationDataLoader: lineBatches(1),
    numEpochs: 1,
    checkpointAt: 'beforeCallbacks',
    serializationDir: folder,
    tensorboardWriter: new Board(),
    learningRateScheduler: new LearningRate(),
    momentumScheduler: new Momentum(),
    checkpointer: new NotingCheckpointer(),
    epochCallbacks: [new Epochs()],
  }).train();
  expect(events).toEqual([
    'epoch -1',
    'learning rate, step 1',
    'momentum, step 1',
    'learning rate, step 2',
    'momentum, step 2',
    'tensorboard 1 true,true',
    'learning rate number, file',
    'momentum number, file',
    'checkpoint, file',
    'epoch 0, file',
    'tensorboard closed, file',
  ]);
  expect(JSON.parse(readFileSync(metricsFile, 'utf8'))).toEqual(metrics);
});
