import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { HalfAverage, lineBatches, LineModel, MemoryCheckpointer, MomentumDescent } from '../__fixtures__/small-run.js';
import { BatchCallback, EpochCallback, TrainerCallback } from '../contracts/callbacks.js';
import type { BatchEvent, TrainerView } from '../contracts/callbacks.js';
import { ParameterSet } from '../state/parameters.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';

const batches = lineBatches(4);

/** The numbers of tensors seen after training steps, once everything that is made on first use is there. */
class CountTensors extends BatchCallback {
  readonly seen = new Set<number>();

  override onBatch({ epoch }: GradientDescentTrainer, { isTraining }: BatchEvent): void {
    if (isTraining && epoch > 0) this.seen.add(tf.memory().numTensors);
  }
}

class Nothing extends EpochCallback {
  override onEpoch(): void {}
}

/** Asks for everything that can be asked for. */
class Asks extends TrainerCallback {
  override onStepEnd({ control, batchNumTotal }: TrainerView): void {
    if (batchNumTotal % 100 === 0) control.saveNow();
    if (batchNumTotal % 70 === 0) control.evaluateNow();
  }
}

/** Makes steps run as separate programs. */
class Looks extends Asks {
  override onMicroBatchEnd(): void {}
  override onGradients(): void {}
}

it.each([
  { way: 'fused steps', accumulation: 1, callback: new Asks() },
  { way: 'separate programs and accumulation', accumulation: 2, callback: new Looks() },
])(
  '1,000 steps of $way with everything on keep no tensor',
  async ({ accumulation, callback }) => {
    const before = tf.memory().numTensors;
    const model = new LineModel(0.2);
    const parameters = ParameterSet.of(model.namedVariables());
    const checkpointer = new MemoryCheckpointer(150);
    const count = new CountTensors();
    const trainer = new GradientDescentTrainer({
      model,
      optimizer: new MomentumDescent({ lr: 1e-4, momentum: 0.9 }, parameters),
      movingAverage: new HalfAverage(parameters),
      dataLoader: batches,
      validationDataLoader: batches.slice(0, 1),
      numGradientAccumulationSteps: accumulation,
      gradNorm: 1,
      gradClipping: 0.5,
      numEpochs: (1000 * accumulation) / batches.length,
      checkpointer,
      batchCallbacks: [count],
      epochCallbacks: [new Nothing()],
      callbacks: [callback],
    });
    await trainer.train();
    expect(trainer.batchNumTotal).toBe(1000);
    expect(count.seen.size).toBe(1);
    trainer.optimizer.dispose();
    trainer.movingAverage!.dispose();
    checkpointer.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  },
  30_000,
);
