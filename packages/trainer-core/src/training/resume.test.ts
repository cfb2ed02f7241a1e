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
import { ShuffledList } from '../__fixtures__/shuffled-list.js';
import { BatchCallback, EpochCallback, TrainerCallback } from '../contracts/callbacks.js';
import type { EpochEvent, TrainerView } from '../contracts/callbacks.js';
import type { CheckpointState, TrainingMetrics } from '../contracts/trainer.js';
import { InterruptedError } from '../errors.js';
import type { StateDict } from '../state/state-dict.js';
import { ParameterSet } from '../state/parameters.js';
import type { PartialObjects } from './gradient-descent-options.js';
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

/** Dies right after the end of an epoch, when its checkpoint is written. */
class DieAfter extends EpochCallback {
  constructor(private readonly last: number) {
    super();
  }

  override onEpoch(_: GradientDescentTrainer, { epoch }: EpochEvent): void {
    if (epoch === this.last) throw new RangeError('power cut');
  }
}

/** Asks to stop after a step. */
class StopAfter extends TrainerCallback {
  constructor(private readonly step: number) {
    super();
  }

  override onStepEnd({ batchNumTotal, control }: TrainerView): void {
    if (batchNumTotal === this.step) control.stop();
  }
}

const batches = lineBatches(7);

/**
 * Everything that a step depends on is on: momentum, dropout, shuffled data, accumulation with a ragged group, averages,
 * clipping.
 */
function start(
  checkpointer: MemoryCheckpointer,
  stopAfter?: number,
  options: Partial<Omit<PartialObjects, 'optimizer'>> = {},
): { model: LineModel; train: () => Promise<TrainingMetrics>; trainer: GradientDescentTrainer } {
  const model = new LineModel(0.3);
  const parameters = ParameterSet.of(model.namedVariables());
  const controller = new AbortController();
  const trainer = new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 0.02, momentum: 0.9 }, parameters),
    movingAverage: new HalfAverage(parameters),
    dataLoader: new ShuffledList(batches),
    validationDataLoader: batches,
    numGradientAccumulationSteps: 2,
    gradNorm: 1,
    numEpochs: 3,
    checkpointer,
    batchCallbacks: stopAfter === undefined ? [] : [new AbortAfter(controller, stopAfter)],
    ...options,
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
  const everything = JSON.parse(JSON.stringify(state, numbers)) as CheckpointState;
  state.dispose();
  const { report, ...rest } = everything.trainingState as Record<string, StateDict>;
  return { ...everything, trainingState: rest, report: comparable(report!['metrics'] as TrainingMetrics) };
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

  it.each([0, 1])('equals an uninterrupted one bit for bit when it died right after epoch %d', async (epoch) => {
    const whole = start(new MemoryCheckpointer());
    const expected = comparable(await whole.train());

    const checkpointer = new MemoryCheckpointer();
    await expect(start(checkpointer, undefined, { epochCallbacks: [new DieAfter(epoch)] }).train()).rejects.toThrow(
      'power cut',
    );
    const resumed = start(checkpointer);
    expect(comparable(await resumed.train())).toEqual(expected);
    expect(everythingOf(resumed.trainer)).toEqual(everythingOf(whole.trainer));
  });

  it.each([3, 7])('equals an uninterrupted one bit for bit when a callback stopped it after step %d', async (step) => {
    const whole = start(new MemoryCheckpointer());
    await whole.train();
    const checkpointer = new MemoryCheckpointer();
    await start(checkpointer, undefined, { callbacks: [new StopAfter(step)] }).train();
    const resumed = start(checkpointer);
    await resumed.train();
    expect(everythingOf(resumed.trainer)).toEqual(everythingOf(whole.trainer));
  });

  it('goes on from the checkpointer’s own checkpoint in mid-epoch when the process died later', async () => {
    const whole = start(new MemoryCheckpointer());
    await whole.train();
    // saves after steps 3, 6 and 9 and after epochs of 4 steps; the cut after step 6 loses nothing but time
    const checkpointer = new MemoryCheckpointer(3);
    const dies = new (class extends TrainerCallback {
      override onStepEnd({ batchNumTotal }: TrainerView): void {
        if (batchNumTotal === 7) throw new RangeError('power cut');
      }
    })();
    await expect(start(checkpointer, undefined, { callbacks: [dies] }).train()).rejects.toThrow('power cut');
    expect(checkpointer.positions.at(-1)).toMatchObject({ epoch: 1, batchesThisEpoch: 2, batchNumTotal: 6 });
    const resumed = start(checkpointer);
    await resumed.train();
    expect(everythingOf(resumed.trainer)).toEqual(everythingOf(whole.trainer));
  });

  it('that was complete trains nothing more and returns what it returned', async () => {
    const checkpointer = new MemoryCheckpointer();
    const metrics = await start(checkpointer).train();
    const again = start(checkpointer);
    expect(comparable(await again.train())).toEqual(comparable(metrics));
    expect(again.trainer.batchNumTotal).toBe(12);
  });

  it('that had run out of patience trains nothing more, also by the rule of an epoch’s end', async () => {
    const checkpointer = new MemoryCheckpointer();
    // a loss that is to grow, and falls
    const options = { patience: 1, validationMetric: '+loss', earlyStoppingAt: 'epochEnd' } as const;
    const whole = start(checkpointer, undefined, options);
    const metrics = comparable(await whole.train());
    expect(whole.trainer.batchNumTotal).toBe(8);
    const again = start(checkpointer, undefined, options);
    expect(comparable(await again.train())).toEqual(metrics);
    expect(again.trainer.batchNumTotal).toBe(8);
  });

  it('may be made longer', async () => {
    const whole = start(new MemoryCheckpointer());
    await whole.train();
    const checkpointer = new MemoryCheckpointer();
    await start(checkpointer, undefined, { numEpochs: 1 }).train();
    const longer = start(checkpointer);
    await longer.train();
    expect(everythingOf(longer.trainer)).toEqual(everythingOf(whole.trainer));
  });

  it('differs when its dropout draws anew, so that the test above can fail', async () => {
    const whole = start(new MemoryCheckpointer());
    await whole.train();
    const checkpointer = new MemoryCheckpointer();
    await expect(start(checkpointer, 2).train()).rejects.toBeInstanceOf(InterruptedError);
    const { model, trainer } = start(checkpointer, undefined, { seed: 1 });
    await trainer.train({ resume: 'anyway' });
    expect(weightsOf(model)).not.toEqual(weightsOf(whole.model));
  });

  it.each([
    ['weights', 1],
    ['anyway', 0],
    ['exact', 0],
  ] as const)('with resume %s the checkpointer is told %d times that the run begins anew', async (resume, times) => {
    const checkpointer = new MemoryCheckpointer();
    await expect(start(checkpointer, 2).train()).rejects.toBeInstanceOf(InterruptedError);
    const beginAnew = jest.spyOn(checkpointer, 'beginAnew');
    await start(checkpointer).trainer.train({ resume });
    expect(beginAnew).toHaveBeenCalledTimes(times);
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
    const w = tf.variable(tf.zeros([3, 1]));
    const other = { forward: () => ({}), namedVariables: () => ({ w }) };
    const { train } = start(checkpointer, undefined, { model: other });
    await expect(train()).rejects.toMatchObject({
      code: 'X_CHECKPOINT',
      message: expect.stringMatching(/"w" has shape \[2,1\].*"b" is not in the model/) as string,
    });
  });
});
