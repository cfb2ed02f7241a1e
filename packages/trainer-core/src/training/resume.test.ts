import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import {
  HalfAverage,
  LineModel,
  lineBatches,
  MemoryCheckpointer,
  MomentumDescent,
  weightsOf,
} from '../__fixtures__/small-run.js';
import { BatchCallback } from '../contracts/callbacks.js';
import type { TrainingMetrics } from '../contracts/trainer.js';
import { InterruptedError, StateError } from '../errors.js';
import type { CheckpointError } from '../errors.js';
import { ParameterSet } from '../state/parameters.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';

/** Aborts after a step. */
class AbortAfter extends BatchCallback {
  constructor(
    private readonly controller: AbortController,
    private readonly step: number,
  ) {
    super();
  }

  onBatch(trainer: GradientDescentTrainer): void {
    if (trainer.batchNumTotal === this.step) this.controller.abort();
  }
}

const batches = lineBatches(7);

/** Everything that a step depends on is on: momentum, dropout, accumulation with a ragged group, averages, clipping. */
function start(
  checkpointer: MemoryCheckpointer,
  stopAfter?: number,
  seed?: number,
): { model: LineModel; train: () => Promise<TrainingMetrics>; trainer: GradientDescentTrainer } {
  const model = new LineModel(0.3);
  const parameters = ParameterSet.of(model.namedVariables());
  const controller = new AbortController();
  const trainer = new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 0.02, momentum: 0.9 }, parameters),
    movingAverage: new HalfAverage(parameters),
    dataLoader: batches,
    validationDataLoader: batches,
    numGradientAccumulationSteps: 2,
    gradNorm: 1,
    numEpochs: 3,
    checkpointer,
    ...(seed === undefined ? {} : { seed }),
    batchCallbacks: stopAfter === undefined ? [] : [new AbortAfter(controller, stopAfter)],
  });
  return { model, trainer, train: () => trainer.train({ signal: controller.signal }) };
}

/** What does not depend on the process. */
function comparable(metrics: TrainingMetrics): TrainingMetrics {
  const { training_duration: _, training_start_epoch: __, training_epochs: ___, ...rest } = metrics;
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !name.endsWith('_memory_MB')));
}

/** Weights, averages, optimizer, tracker, counters: all that a checkpoint holds, as numbers. */
function everythingOf(trainer: GradientDescentTrainer): unknown {
  const state = trainer.getCheckpointState();
  const numbers = (_: string, value: unknown): unknown => (value instanceof tf.Tensor ? [...value.dataSync()] : value);
  const everything: unknown = JSON.parse(JSON.stringify(state, numbers));
  state.dispose();
  return everything;
}

describe('a resumed run', () => {
  // 4 steps an epoch: the first step, in mid-epoch, the last step of an epoch, early in the last epoch
  it.each([1, 2, 4, 6, 9])(
    'equals an uninterrupted one bit for bit when it was stopped after step %d',
    async (stopAfter) => {
      const whole = start(new MemoryCheckpointer());
      const expected = comparable(await whole.train());

      const checkpointer = new MemoryCheckpointer();
      await expect(start(checkpointer, stopAfter).train()).rejects.toBeInstanceOf(InterruptedError);
      const resumed = start(checkpointer);
      expect(comparable(await resumed.train())).toEqual(expected);
      expect(weightsOf(resumed.model)).toEqual(weightsOf(whole.model));
      expect(everythingOf(resumed.trainer)).toEqual(everythingOf(whole.trainer));
    },
  );

  it('differs when its dropout draws anew, so that the test above can fail', async () => {
    const whole = start(new MemoryCheckpointer());
    await whole.train();
    const checkpointer = new MemoryCheckpointer();
    await expect(start(checkpointer, 2).train()).rejects.toBeInstanceOf(InterruptedError);
    const { model, train } = start(checkpointer, undefined, 1);
    await train();
    expect(weightsOf(model)).not.toEqual(weightsOf(whole.model));
  });

  it('says where it stopped and that the state was saved', async () => {
    const checkpointer = new MemoryCheckpointer();
    await expect(start(checkpointer, 6).train()).rejects.toMatchObject({
      code: 'X_INTERRUPTED',
      reason: 'abort',
      message: expect.stringContaining('in epoch 2 after 6 steps; the state was saved') as string,
    });
    expect(checkpointer.positions.at(-1)).toEqual({
      epoch: 1,
      batchesThisEpoch: 2,
      batchNumTotal: 6,
      isBestSoFar: false,
    });
  });

  it('refuses the checkpoint of another model and says what differs', async () => {
    const checkpointer = new MemoryCheckpointer();
    await start(checkpointer).train();
    const { trainer, train } = start(checkpointer);
    const w = tf.variable(tf.zeros([3, 1]));
    Object.assign(trainer, { model: { forward: () => ({}), namedVariables: () => ({ w }) } });
    const error = await train().catch((caught: unknown) => caught as CheckpointError);
    expect(error).toMatchObject({
      code: 'X_CHECKPOINT',
      message: expect.stringMatching(/"w" has shape \[2,1\].*"b" is not in the model/) as string,
    });
    expect((error as CheckpointError).cause).toBeInstanceOf(StateError);
  });
});
