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
import type { Batch, Outputs } from '../contracts/batch.js';
import { BatchCallback, EpochCallback, TrainerCallback } from '../contracts/callbacks.js';
import type { EpochEvent, EvaluateBatchEvent, StepEvent, TrainerView } from '../contracts/callbacks.js';
import type { MetricValues } from '../contracts/metric.js';
import { LearningRateScheduler } from '../contracts/scheduler.js';
import { ParameterSet } from '../state/parameters.js';
import { rulesOf } from './compatibility.js';
import type { PartialObjects } from './gradient-descent-options.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';

type Options = Partial<Omit<PartialObjects, 'optimizer' | 'model'>>;

const batches = lineBatches(2);

function trainerOf(model: LineModel, options: Options): GradientDescentTrainer {
  const optimizer = new MomentumDescent({ lr: 0.05 }, ParameterSet.of(model.namedVariables()));
  return new GradientDescentTrainer({ model, dataLoader: batches, numEpochs: 1, ...options, optimizer });
}

/** A line whose validation losses are given, one for each evaluated batch. */
class Scripted extends LineModel {
  constructor(private readonly losses: number[]) {
    super();
  }

  override forward(batch: Batch, mode: { training: boolean }): Outputs {
    const outputs = super.forward(batch, mode);
    return mode.training ? outputs : { ...outputs, loss: tf.scalar(this.losses.shift()!) };
  }
}

class Penalized extends LineModel {
  regularizationPenalty(): tf.Scalar {
    return tf.scalar(0.25);
  }
}

/** Writes down what the metrics of every batch are called. */
class Names extends TrainerCallback {
  readonly seen: string[] = [];

  override onStepEnd(_: TrainerView, { metrics }: StepEvent): void {
    this.note('step', metrics);
  }

  override onEvaluateBatch(_: TrainerView, { metrics }: EvaluateBatchEvent): void {
    this.note('evaluated', metrics);
  }

  private note(what: string, metrics: Readonly<MetricValues>): void {
    this.seen.push(`${what}: ${Object.keys(metrics).sort().join()}`);
  }
}

class Metrics extends LearningRateScheduler {
  readonly seen: (number | null | undefined)[] = [];

  override step(metric?: number | null): void {
    this.seen.push(metric);
  }

  override stateDict(): Record<string, never> {
    return {};
  }

  override loadStateDict(): void {}
}

it('a rule is what an option says, else what the preset has, else that of 1.0', () => {
  expect(rulesOf({ compatibility: null }).gradClippingAt).toBe('microBatch');
  expect(rulesOf({ compatibility: 'allennlp-1' }).gradClippingAt).toBe('microBatch');
  expect(rulesOf({ compatibility: 'allennlp-2' }).gradClippingAt).toBe('step');
  const chosen = rulesOf({ compatibility: 'allennlp-2', gradClippingAt: 'microBatch', epochCountMetrics: undefined });
  expect(chosen).toMatchObject({ gradClippingAt: 'microBatch', epochCountMetrics: false, finalWeights: 'lastIfBest' });
});

it.each([
  ['beforeCallbacks', ['saved', 'batch', 'step', 'saved', 'batch', 'step', 'saved', 'epoch', 'epoch end']],
  ['afterCallbacks', ['batch', 'step', 'saved', 'batch', 'step', 'saved', 'epoch', 'epoch end', 'saved']],
] as const)('checkpointAt %s: of steps and of epochs', async (checkpointAt, expected) => {
  const events: string[] = [];
  class Batches extends BatchCallback {
    override onBatch(): void {
      events.push('batch');
    }
  }
  class Epochs extends EpochCallback {
    override onEpoch(_: GradientDescentTrainer, { epoch }: EpochEvent): void {
      if (epoch >= 0) events.push('epoch');
    }
  }
  class Hooks extends TrainerCallback {
    override onStepEnd(): void {
      events.push('step');
    }
    override onCheckpoint(): void {
      events.push('saved');
    }
    override onEpochEnd(): void {
      events.push('epoch end');
    }
  }
  await trainerOf(new LineModel(), {
    checkpointAt,
    checkpointer: new MemoryCheckpointer(1),
    batchCallbacks: [new Batches()],
    epochCallbacks: [new Epochs()],
    callbacks: [new Hooks()],
  }).train();
  expect(events).toEqual(expected);
});

it.each([
  [true, [-1, 0]],
  [false, [0]],
])('epochCallbacksBeforeTraining %s', async (epochCallbacksBeforeTraining, expected) => {
  const epochs: number[] = [];
  class Epochs extends EpochCallback {
    override onEpoch(_: GradientDescentTrainer, { epoch }: EpochEvent): void {
      epochs.push(epoch);
    }
  }
  await trainerOf(new LineModel(), { epochCallbacksBeforeTraining, epochCallbacks: [new Epochs()] }).train();
  expect(epochs).toEqual(expected);
});

it('the metrics of a run have the counts of its epochs unless they are left out', async () => {
  const metrics = await trainerOf(new LineModel(), { numEpochs: 2 }).train();
  expect(metrics).toMatchObject({ training_start_epoch: 0, training_epochs: 1 });
  const without = Object.keys(await trainerOf(new LineModel(), { epochCountMetrics: false }).train());
  expect(without).not.toContain('training_start_epoch');
  expect(without).not.toContain('training_epochs');
});

const validated = { validationDataLoader: lineBatches(1) };

it('there is a reg_loss always, or only where there is a penalty', async () => {
  const names = async (model: LineModel, options: Options): Promise<string[]> =>
    Object.keys(await trainerOf(model, { ...validated, ...options }).train()).filter((key) => key.includes('reg_loss'));
  const all = ['training_reg_loss', 'validation_reg_loss', 'best_validation_reg_loss'];
  expect(await names(new LineModel(), {})).toEqual(all);
  expect(await names(new LineModel(), { regLossMetrics: 'withPenalty' })).toEqual([]);
  expect(await names(new Penalized(), { regLossMetrics: 'withPenalty' })).toEqual(all);
});

it('the metrics of batches, in training and validation, may have those of the batch alone', async () => {
  const names = new Names();
  await trainerOf(new Penalized(), { ...validated, batchLossMetrics: true, callbacks: [names] }).train();
  const each = 'batch_loss,batch_reg_loss,error,loss,reg_loss';
  expect(names.seen).toEqual([`step: ${each}`, `step: ${each}`, `evaluated: ${each}`]);
  const plain = new Names();
  const options: Options = { ...validated, batchLossMetrics: true, regLossMetrics: 'withPenalty', callbacks: [plain] };
  await trainerOf(new LineModel(), options).train();
  expect(plain.seen[0]).toBe('step: batch_loss,error,loss');
});

it('schedulers get the value of the validation metric, or its score', async () => {
  const seen = async (options: Options): Promise<unknown> => {
    const scheduler = new Metrics();
    const more = { ...validated, learningRateScheduler: scheduler, numEpochs: 2 };
    await trainerOf(new Scripted([3, 2]), { ...more, ...options }).train();
    return scheduler.seen;
  };
  expect(await seen({})).toEqual([3, 2]);
  expect(await seen({ schedulerMetric: 'score' })).toEqual([-3, -2]);
  expect(await seen({ validationMetric: ['-loss'] })).toEqual([-3, -2]);
});

describe('the weights after training', () => {
  async function trained(losses: number[], options: Options): Promise<{ raw: number[][]; final: number[] }> {
    const model = new Scripted(losses);
    const raw: number[][] = [];
    class Weights extends TrainerCallback {
      override onEpochEnd(): void {
        raw.push(weightsOf(model));
      }
    }
    const more = { ...validated, numEpochs: losses.length, checkpointer: new MemoryCheckpointer() };
    await trainerOf(model, { ...more, callbacks: [new Weights()], ...options }).train();
    return { raw, final: weightsOf(model) };
  }

  it.each(['best', 'lastIfBest'] as const)('%s: those of the best epoch if a later one was worse', async (rule) => {
    const { raw, final } = await trained([1, 2], { finalWeights: rule });
    expect(final).toEqual(raw[0]);
  });

  it('lastIfBest: the best ones also where nothing is saved, and nothing of them stays', async () => {
    const unsaved = { checkpointer: null, finalWeights: 'lastIfBest' } as const;
    const { raw, final } = await trained([3, 1, 2], unsaved);
    expect(final).toEqual(raw[1]);
    expect((await trained([3, 1, 2], { ...unsaved, finalWeights: 'best' })).final).toEqual(raw[2]);
  });

  it.each([[[2, 1]], [[1, 2]]])('remembered ones are freed, with losses %j', async (losses) => {
    const before = tf.memory().numTensors;
    const model = new Scripted([...losses]);
    const numEpochs = losses.length;
    const trainer = trainerOf(model, { ...validated, numEpochs, finalWeights: 'lastIfBest' });
    await trainer.train();
    trainer.optimizer.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('lastIfBest: the last ones if no later validation was worse, also where that epoch was not validated', async () => {
    class SkipLast extends TrainerCallback {
      override onEpochStart({ epoch, control }: TrainerView): void {
        if (epoch === 2) control.skipValidation();
      }
    }
    const losses = [3, 2, 1];
    const last = await trained([...losses], { finalWeights: 'lastIfBest', callbacks: [new SkipLast()] });
    const best = await trained([...losses], { finalWeights: 'best', callbacks: [new SkipLast()] });
    expect(last.final).not.toEqual(best.final);
    const { raw } = await trained([...losses], {});
    expect([best.final, last.final]).toEqual([raw[1], raw[2]]);
  });

  it('lastIfBest: with a moving average the last averages, which 1.0 leaves to those who saved them', async () => {
    const run = (options: Options): Promise<number[]> => {
      const model = new LineModel();
      const movingAverage = new HalfAverage(ParameterSet.of(model.namedVariables()));
      return trainerOf(model, { movingAverage, ...options })
        .train()
        .then(() => weightsOf(model));
    };
    const averaged = await run({ finalWeights: 'best', checkpointer: new MemoryCheckpointer() });
    expect(await run({ finalWeights: 'lastIfBest' })).toEqual(averaged);
    expect(await run({ finalWeights: 'best' })).not.toEqual(averaged);
  });
});
