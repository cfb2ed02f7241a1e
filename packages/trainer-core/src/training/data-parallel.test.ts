import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import {
  HalfAverage,
  lineBatches,
  LineModel,
  MemoryCheckpointer,
  MomentumDescent,
  weightsOf,
} from '../__fixtures__/small-run.js';
import type { Batch } from '../contracts/batch.js';
import { cloneBatch } from '../contracts/batch.js';
import { EpochCallback, TrainerCallback } from '../contracts/callbacks.js';
import type { EpochEvent, EvaluateBatchEvent, TrainerView } from '../contracts/callbacks.js';
import { Communicator } from '../contracts/communicator.js';
import { DataLoader } from '../contracts/data-loader.js';
import type { EpochRequest, Resumability } from '../contracts/data-loader.js';
import type { TrainingMetrics } from '../contracts/trainer.js';
import type { InterruptedError } from '../errors.js';
import { withLog } from '../log.js';
import { ParameterSet } from '../state/parameters.js';
import type { PartialObjects } from './gradient-descent-options.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';

const WORKERS = 2;

/** Where workers in one process meet: each brings something, and each gets what all have brought, in rank order. */
class MeetingPlace {
  private brought: unknown[] = [];
  private waiting: ((all: unknown[]) => void)[] = [];

  meet<T>(rank: number, mine: T): Promise<T[]> {
    return new Promise((resolve) => {
      this.brought[rank] = mine;
      this.waiting.push(resolve as (all: unknown[]) => void);
      if (this.waiting.length < WORKERS) return;
      const { brought, waiting } = this;
      this.brought = [];
      this.waiting = [];
      for (const tell of waiting) tell(brought);
    });
  }
}

class Worker extends Communicator {
  override readonly worldSize = WORKERS;

  constructor(
    override readonly rank: number,
    private readonly place: MeetingPlace,
  ) {
    super();
  }

  override get isMaster(): boolean {
    return this.rank === 0;
  }

  override async allReduceMean(values: Float32Array): Promise<void> {
    const all = await this.place.meet(this.rank, Float32Array.from(values));
    values.forEach((_, i) => (values[i] = all.reduce((sum, worker) => sum + worker[i]!, 0) / WORKERS));
  }

  override async allReduceSum(values: Readonly<Record<string, number>>): Promise<Record<string, number>> {
    const all = await this.place.meet(this.rank, values);
    return Object.fromEntries(
      Object.keys(values).map((name) => [name, all.reduce((sum, worker) => sum + worker[name]!, 0)]),
    );
  }

  override async allContinue(goesOn: boolean): Promise<boolean> {
    return (await this.place.meet(this.rank, goesOn)).every(Boolean);
  }

  override async barrier(): Promise<void> {
    await this.place.meet(this.rank, null);
  }
}

interface Run {
  readonly model: LineModel;
  readonly trainer: GradientDescentTrainer;
}

function start(batches: readonly Batch[] | DataLoader, options: Partial<PartialObjects>): Run {
  const model = new LineModel();
  const parameters = ParameterSet.of(model.namedVariables());
  const trainer = new GradientDescentTrainer({
    model,
    movingAverage: new HalfAverage(parameters),
    dataLoader: batches,
    validationDataLoader: batches,
    gradNorm: 1,
    numEpochs: 2,
    ...options,
    optimizer: new MomentumDescent({ lr: 0.05, momentum: 0.5 }, parameters),
  });
  return { model, trainer };
}

function startWorkers(
  batches: readonly Batch[] | DataLoader,
  optionsOf: (rank: number) => Partial<PartialObjects> = () => ({}),
): Run[] {
  const place = new MeetingPlace();
  return [0, 1].map((rank) =>
    start(batches, {
      distributed: true,
      worldSize: WORKERS,
      localRank: rank,
      communicator: new Worker(rank, place),
      ...optionsOf(rank),
    }),
  );
}

const trainAll = (runs: readonly Run[]): Promise<TrainingMetrics[]> =>
  Promise.all(runs.map(({ trainer }) => trainer.train()));

/** A loader that gives every worker another number of batches. */
class Uneven extends DataLoader {
  override readonly resumability: Resumability = 'replayable';

  constructor(
    private readonly batches: readonly Batch[],
    private readonly counts: readonly number[],
  ) {
    super();
  }

  override length(): null {
    return null;
  }

  override async *epoch({ rank = 0 }: EpochRequest): AsyncGenerator<Batch> {
    for (const batch of this.batches.slice(0, this.counts[rank])) yield cloneBatch(batch);
  }
}

const batches = lineBatches(6);

it('two workers with a batch each do what one does that accumulates two: every bit of the weights', async () => {
  const workers = startWorkers(batches);
  const alone = start(batches, { numGradientAccumulationSteps: 2 });
  const metrics = await trainAll(workers);
  const expected = await alone.trainer.train();
  expect(weightsOf(alone.model)).not.toEqual(weightsOf(new LineModel()));
  for (const { model, trainer } of workers) {
    expect(weightsOf(model)).toEqual(weightsOf(alone.model));
    expect(trainer.batchNumTotal).toBe(6);
  }
  for (const name of ['training_loss', 'training_error', 'validation_loss', 'validation_error', 'best_epoch']) {
    for (const worker of metrics) expect(worker[name]).toBeCloseTo(expected[name] as number, 6);
  }
});

it('an epoch ends for all when one worker runs out, and the batch that the other has ready is freed', async () => {
  const before = tf.memory().numTensors;
  const workers = startWorkers(new Uneven(batches, [3, 2]));
  await trainAll(workers);
  for (const { model, trainer } of workers) {
    expect(trainer.batchNumTotal).toBe(4);
    trainer.optimizer.dispose();
    trainer.movingAverage!.dispose();
    model.dispose();
  }
  expect(tf.memory().numTensors).toBe(before);
});

it('only the master saves and tells of it; callbacks run on every worker and know which one they are on', async () => {
  const told: string[] = [];
  class Notes extends EpochCallback {
    override onEpoch(_: GradientDescentTrainer, { epoch, isMaster }: EpochEvent): void {
      told.push(`epoch ${epoch} ${isMaster}`);
    }
  }
  class Saves extends TrainerCallback {
    override onCheckpoint({ isMaster }: { readonly isMaster: boolean }): void {
      told.push(`checkpoint ${isMaster}`);
    }
  }
  const checkpointers = [new MemoryCheckpointer(), new MemoryCheckpointer()];
  // the second worker finds what the first has saved, as on a shared disk
  checkpointers[1]!.bestModelState = (): ReturnType<MemoryCheckpointer['bestModelState']> =>
    checkpointers[0]!.bestModelState();
  const workers = startWorkers(batches, (rank) => ({
    numEpochs: 1,
    checkpointer: checkpointers[rank]!,
    epochCallbacks: [new Notes()],
    callbacks: [new Saves()],
  }));
  await trainAll(workers);
  expect(checkpointers.map(({ positions }) => positions.length)).toEqual([1, 0]);
  expect(told.sort()).toEqual([
    'checkpoint true',
    ...['epoch -1', 'epoch 0'].flatMap((what) => [`${what} false`, `${what} true`]),
  ]);
});

describe.each([0, 1])('what reaches worker %d alone', (reached) => {
  /** Does something after a step, on that worker. */
  class After extends TrainerCallback {
    constructor(
      private readonly rank: number,
      private readonly act: () => void,
      private readonly hook: 'step' | 'validation' = 'step',
    ) {
      super();
    }
    override onStepEnd({ batchNumTotal }: TrainerView): void {
      if (this.hook === 'step' && batchNumTotal === 2 && this.rank === reached) this.act();
    }
    override onEvaluateBatch(_: TrainerView, { batchNumber }: EvaluateBatchEvent): void {
      if (this.hook === 'validation' && batchNumber === 2 && this.rank === reached) this.act();
    }
  }

  it.each(['step', 'validation'] as const)(
    'an interruption in a %s: all stop at the same step, saved',
    async (hook) => {
      const controller = new AbortController();
      const checkpointers = [new MemoryCheckpointer(), new MemoryCheckpointer()];
      const workers = startWorkers(batches, (rank) => ({
        checkpointer: checkpointers[rank]!,
        callbacks: [new After(rank, () => controller.abort(), hook)],
      }));
      const errors = await Promise.all(
        workers.map(({ trainer }, rank) =>
          trainer.train(rank === reached ? { signal: controller.signal } : {}).catch((error: unknown) => error),
        ),
      );
      expect(errors.map((error) => (error as InterruptedError).reason).sort()).toEqual(['abort', 'another worker']);
      const step = hook === 'step' ? 2 : 3;
      expect(workers.map(({ trainer }) => trainer.batchNumTotal)).toEqual([step, step]);
      expect(checkpointers.map(({ positions }) => positions.map(({ batchNumTotal }) => batchNumTotal))).toEqual([
        [step],
        [],
      ]);
    },
  );

  it('a request to stop and to save: all do', async () => {
    const checkpointers = [new MemoryCheckpointer(), new MemoryCheckpointer()];
    const workers: Run[] = startWorkers(batches, (rank) => ({
      checkpointer: checkpointers[rank]!,
      callbacks: [new After(rank, () => workers[rank]!.trainer.control.stop())],
    }));
    await trainAll(workers);
    expect(workers.map(({ trainer }) => trainer.batchNumTotal)).toEqual([2, 2]);
    expect(checkpointers.map(({ positions }) => positions.length)).toEqual([1, 0]);
  });

  it.each(['onEpochEnd', 'onEvaluateEnd'] as const)(
    'a request to stop in %s: all stop after that epoch',
    async (hook) => {
      const workers: Run[] = startWorkers(batches, (rank) => {
        const stop = (): void => workers[rank]!.trainer.control.stop();
        return rank === reached
          ? { callbacks: [Object.assign(new (class extends TrainerCallback {})(), { [hook]: stop })] }
          : {};
      });
      await trainAll(workers);
      expect(workers.map(({ trainer }) => [trainer.epoch, trainer.control.stopRequested])).toEqual([
        [1, true],
        [1, true],
      ]);
    },
  );

  it('a request not to validate: none does', async () => {
    const evaluated: number[] = [];
    class Counts extends TrainerCallback {
      override onEvaluateEnd({ epoch }: TrainerView): void {
        evaluated.push(epoch);
      }
    }
    const workers: Run[] = startWorkers(batches, (rank) => ({
      callbacks: [new After(rank, () => workers[rank]!.trainer.control.skipValidation()), new Counts()],
    }));
    await trainAll(workers);
    expect(evaluated).toEqual([1, 1]);
  });

  it('a loss that is not finite: all leave the step out', async () => {
    const bad = batches.map((batch, i) =>
      i === 2 + reached ? { ...batch, y: tf.mul(batch['y'] as tf.Tensor, NaN) } : batch,
    );
    const workers = startWorkers(bad, () => ({
      nonFinite: { loss: 'skip' },
      validationDataLoader: undefined,
      numEpochs: 1,
    }));
    await withLog({ info: () => undefined, warn: () => undefined }, () => trainAll(workers));
    expect(workers.map(({ trainer }) => [trainer.batchNumTotal, trainer.stepsSkipped])).toEqual([
      [2, 1],
      [2, 1],
    ]);
    expect(weightsOf(workers[0]!.model)).toEqual(weightsOf(workers[1]!.model));
  });
});
