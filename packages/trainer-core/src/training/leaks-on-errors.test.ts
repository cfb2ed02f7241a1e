import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import {
  AbsoluteError,
  HalfAverage,
  lineBatches,
  LineModel,
  MemoryCheckpointer,
  MomentumDescent,
} from '../__fixtures__/small-run.js';
import type { Batch } from '../contracts/batch.js';
import { BatchCallback, EpochCallback, TrainerCallback } from '../contracts/callbacks.js';
import type { BatchEvent, EpochEvent } from '../contracts/callbacks.js';
import type { Checkpointable, CheckpointPosition } from '../contracts/checkpointer.js';
import type { EpochRequest } from '../contracts/data-loader.js';
import { LearningRateScheduler } from '../contracts/scheduler.js';
import type { LogNeeds } from '../contracts/tensorboard-writer.js';
import { quietLog, withLog } from '../log.js';
import { ParameterSet } from '../state/parameters.js';
import { BatchList } from './batch-list.js';
import type { PartialObjects } from './gradient-descent-options.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';
import type { HookName } from './hooks.js';
import { NoTensorboard } from './neutral.js';

const batches = lineBatches(5);

function fail(): never {
  throw new RangeError('on purpose');
}

/** Calls `then` for the `n`-th call and those after it. */
function from(n: number, then: () => void): () => void {
  let calls = 0;
  return () => {
    calls += 1;
    if (calls >= n) then();
  };
}

class FailingMetric extends AbsoluteError {
  private readonly count_ = from(4, fail);

  override update(...[outputs, batch]: Parameters<AbsoluteError['update']>): void {
    super.update(outputs, batch);
    this.count_();
  }
}

class FailingLoader extends BatchList {
  override async *epoch(request: EpochRequest): AsyncGenerator<Batch> {
    const failing = from(4, fail);
    for await (const batch of super.epoch(request)) {
      yield batch;
      failing();
    }
  }
}

class FailingScheduler extends LearningRateScheduler {
  constructor(private readonly at: 'step' | 'stepBatch') {
    super();
  }

  override step(): void {
    if (this.at === 'step') fail();
  }

  override stepBatch(batchNumTotal: number): void {
    if (this.at === 'stepBatch' && batchNumTotal === 2) fail();
  }

  override stateDict(): Record<string, never> {
    return {};
  }

  override loadStateDict(): void {}
}

/** A disk that is full when the state has been taken. */
class FailingCheckpointer extends MemoryCheckpointer {
  override async saveCheckpoint(trainer: Checkpointable, position: CheckpointPosition, best = false): Promise<void> {
    await super.saveCheckpoint(trainer, position, best);
    if (position.batchNumTotal >= 2) fail();
  }
}

class FailingBatchCallback extends BatchCallback {
  constructor(private readonly inTraining: boolean) {
    super();
  }

  override onBatch(_: GradientDescentTrainer, { isTraining, batchNumber }: BatchEvent): void {
    if (isTraining === this.inTraining && batchNumber === 2) fail();
  }
}

class FailingEpochCallback extends EpochCallback {
  constructor(private readonly at: number) {
    super();
  }

  override onEpoch(_: GradientDescentTrainer, { epoch }: EpochEvent): void {
    if (epoch === this.at) fail();
  }
}

/** A model whose `n`-th forward pass in training, or not in training, throws after it has computed something. */
class FailingModel extends LineModel {
  private readonly count = from(2, fail);

  constructor(private readonly failsInTraining: boolean) {
    super(0.2);
  }

  override forward(...args: Parameters<LineModel['forward']>): ReturnType<LineModel['forward']> {
    const outputs = super.forward(...args);
    if (args[1].training === this.failsInTraining) this.count();
    return outputs;
  }
}

/** Wants all tensors of a step, and cannot write them. */
class FailingBoard extends NoTensorboard {
  override needs(): LogNeeds {
    return { gradients: true, parametersBefore: true };
  }

  override async logBatch(): Promise<void> {
    fail();
  }
}

class WithoutState extends EpochCallback {
  override onEpoch(): void {}

  override stateDict(): never {
    return fail();
  }

  override loadStateDict(): void {}
}

class FailingRescale extends GradientDescentTrainer {
  override async rescaleGradients(): Promise<number | null> {
    await super.rescaleGradients();
    return fail();
  }
}

const hooks: readonly HookName[] = [
  'onRunStart',
  'onEpochStart',
  'onStepStart',
  'onMicroBatchEnd',
  'onGradients',
  'onStepEnd',
  'onEvaluateStart',
  'onEvaluateEnd',
  'onCheckpoint',
  'onEpochEnd',
  'onRunEnd',
];

function failingHook(name: HookName): TrainerCallback {
  return Object.assign(new (class Failing extends TrainerCallback {})(), { [name]: fail });
}

interface Row {
  readonly options?: Partial<PartialObjects>;
  readonly model?: LineModel;
  readonly metric?: AbsoluteError;
  readonly Trainer?: typeof GradientDescentTrainer;
  readonly checkpointer?: MemoryCheckpointer;
}

const rows: Readonly<Record<string, () => Row>> = {
  ...Object.fromEntries(hooks.map((name) => [name, (): Row => ({ options: { callbacks: [failingHook(name)] } })])),
  'a batch callback in training': () => ({ options: { batchCallbacks: [new FailingBatchCallback(true)] } }),
  'a batch callback in validation': () => ({ options: { batchCallbacks: [new FailingBatchCallback(false)] } }),
  'an epoch callback before training': () => ({ options: { epochCallbacks: [new FailingEpochCallback(-1)] } }),
  'an epoch callback': () => ({ options: { epochCallbacks: [new FailingEpochCallback(0)] } }),
  'a forward pass in training': () => ({ model: new FailingModel(true) }),
  'a forward pass in validation': () => ({ model: new FailingModel(false) }),
  'the logs of a step': () => ({ options: { tensorboardWriter: new FailingBoard() } }),
  'the state of a callback': () => ({ options: { epochCallbacks: [new WithoutState()] } }),
  'a metric': () => ({ metric: new FailingMetric() }),
  'the training data, in the middle of a group': () => ({ options: { dataLoader: new FailingLoader(batches) } }),
  'the validation data': () => ({ options: { validationDataLoader: new FailingLoader(batches) } }),
  'a scheduler before an update': () => ({ options: { learningRateScheduler: new FailingScheduler('stepBatch') } }),
  'a scheduler after an epoch': () => ({ options: { learningRateScheduler: new FailingScheduler('step') } }),
  'saving within an epoch': () => ({ checkpointer: new FailingCheckpointer(1) }),
  'saving after an epoch': () => ({ checkpointer: new FailingCheckpointer() }),
  'rescaleGradients of a subclass': () => ({ Trainer: FailingRescale }),
};

describe.each([1, 2])('with %d micro-batches in a step', (numGradientAccumulationSteps) => {
  it.each(Object.keys(rows))('an error in %s leaves no tensor, and is the one that is thrown', async (name) => {
    const before = tf.memory().numTensors;
    const {
      options = {},
      model = new LineModel(0.2),
      metric,
      Trainer = GradientDescentTrainer,
      checkpointer = new MemoryCheckpointer(1),
    } = rows[name]!();
    if (metric !== undefined) model.metrics[0] = metric;
    const parameters = ParameterSet.of(model.namedVariables());
    const trainer = new Trainer({
      model,
      optimizer: new MomentumDescent({ lr: 0.01, momentum: 0.9 }, parameters),
      movingAverage: new HalfAverage(parameters),
      dataLoader: batches,
      validationDataLoader: batches,
      numEpochs: 2,
      gradNorm: 1,
      gradClipping: 1,
      numGradientAccumulationSteps,
      checkpointer,
      ...options,
    } as ConstructorParameters<typeof GradientDescentTrainer>[0]);
    await withLog(quietLog, async () => {
      await expect(trainer.train()).rejects.toThrow('on purpose');
    });
    trainer.optimizer.dispose();
    trainer.movingAverage!.dispose();
    checkpointer.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
