import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { lineBatches, LineModel, MomentumDescent } from '../__fixtures__/small-run.js';
import type { Batch, Outputs, TensorMap } from '../contracts/batch.js';
import { EpochCallback } from '../contracts/callbacks.js';
import type { MetricValues } from '../contracts/metric.js';
import type { ForwardMode } from '../contracts/model.js';
import type { BatchReport, LogNeeds } from '../contracts/tensorboard-writer.js';
import { ParameterSet } from '../state/parameters.js';
import type { PartialObjects } from './gradient-descent-options.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';
import { NoTensorboard } from './neutral.js';

type Numbers = Readonly<Record<string, readonly number[]>>;

interface Seen extends Omit<BatchReport, 'gradients' | 'parametersBefore' | 'parameters' | 'batches' | 'outputs'> {
  readonly gradients: Numbers | null;
  readonly parametersBefore: Numbers | null;
  readonly parameters: Numbers;
  readonly numBatches: number;
  readonly outputs: readonly Numbers[];
}

function numbersOf(tensors: Readonly<TensorMap>): Numbers {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, [...tensor.dataSync()]]));
}

/** Keeps what it is told, with all tensors in every second step. */
class Board extends NoTensorboard {
  readonly steps: Seen[] = [];
  readonly epochs: [MetricValues, MetricValues, number][] = [];

  override needs(batchNumTotal?: number): LogNeeds {
    const wanted = batchNumTotal! % 2 === 0;
    return { gradients: wanted, parametersBefore: wanted };
  }

  override async logBatch(report?: BatchReport): Promise<void> {
    const { gradients, parametersBefore, parameters, batches, outputs } = report!;
    const { batchNumTotal, gradientNorm, learningRates, histogramParameters, histogramActivations, loss, metrics } =
      report!;
    this.steps.push({
      ...{ batchNumTotal, gradientNorm, learningRates, histogramParameters, histogramActivations, loss, metrics },
      gradients: gradients === undefined ? null : numbersOf(gradients),
      parametersBefore: parametersBefore === undefined ? null : numbersOf(parametersBefore),
      parameters: numbersOf(Object.fromEntries([...parameters].map(({ name, variable }) => [name, variable]))),
      numBatches: batches.length,
      outputs: outputs.map(numbersOf),
    });
  }

  override async logMetrics(...args: [MetricValues, MetricValues, number] | []): Promise<void> {
    this.epochs.push(args as [MetricValues, MetricValues, number]);
  }
}

const LR = 0.125;

async function run(options: Partial<Omit<PartialObjects, 'optimizer'>> = {}): Promise<Board> {
  const board = new Board();
  const model = options.model ?? new LineModel();
  await new GradientDescentTrainer({
    model,
    dataLoader: lineBatches(4),
    numEpochs: 1,
    ...options,
    optimizer: new MomentumDescent({ lr: LR }, ParameterSet.of(model.namedVariables())),
    tensorboardWriter: board,
  }).train();
  return board;
}

it('is asked before every step, and gets the tensors that it asked for: parameter after = before - lr x gradient', async () => {
  const { steps } = await run({ gradNorm: 0.5 });
  expect(steps.map(({ batchNumTotal, gradients }) => [batchNumTotal, gradients !== null])).toEqual([
    [1, false],
    [2, true],
    [3, false],
    [4, true],
  ]);
  const { gradients, parametersBefore, parameters, gradientNorm } = steps[1]!;
  expect(parametersBefore).toEqual(steps[0]!.parameters);
  for (const [name, values] of Object.entries(parameters)) {
    values.forEach((value, i) =>
      expect(value).toBeCloseTo(parametersBefore![name]![i]! - LR * gradients![name]![i]!, 6),
    );
  }
  // rescaled: the norm before is told beside
  const norm = Math.hypot(...Object.values(gradients!).flat());
  expect(gradientNorm).toBeGreaterThan(0.5);
  expect(norm).toBeCloseTo(0.5, 5);
});

it('gets a gradient of zeros for a parameter that only an earlier step has reached, and none before that', async () => {
  class WithoutBias extends LineModel {
    override forward(batch: Batch, mode: ForwardMode): Outputs {
      const outputs = super.forward(batch, mode);
      return batch['bias'] === true ? outputs : { ...outputs, loss: tf.mean(tf.square(this.w)) };
    }
  }
  const gradientsOfStep2 = async (bias: readonly boolean[]): Promise<Numbers> => {
    const dataLoader = lineBatches(2).map((batch, i) => ({ ...batch, bias: bias[i]! }));
    return (await run({ model: new WithoutBias(), dataLoader })).steps[1]!.gradients!;
  };

  expect((await gradientsOfStep2([true, false]))['b']).toEqual([0]);
  expect(Object.keys(await gradientsOfStep2([false, false]))).toEqual(['w']);
});

it('gets the loss of the step, running means, and the batches of the group', async () => {
  const { steps } = await run({ numGradientAccumulationSteps: 3 });
  expect(steps.map(({ numBatches }) => numBatches)).toEqual([3, 1]);
  expect(steps[0]!.metrics['loss']).toBeCloseTo(steps[0]!.loss, 6);
  expect(steps[1]!.metrics['loss']).toBeCloseTo((steps[0]!.loss + steps[1]!.loss) / 2, 6);
  expect(steps[0]!.gradientNorm).toBeNull();
});

it('gets the learning rate of every parameter, 0 of a frozen one', async () => {
  const { steps } = await run({ noGrad: ['b'] });
  expect(steps[0]!.learningRates).toEqual({ w: LR, b: 0 });
  expect(steps[0]!.histogramParameters).toEqual(['w', 'b']);
});

it('gets the outputs of each batch, and which of them are wanted as activations', async () => {
  class Watched extends LineModel {
    activationsForHistograms(): string[] {
      return ['prediction'];
    }
  }
  const { steps } = await run({ numGradientAccumulationSteps: 3, model: new Watched() });

  expect(steps.map(({ outputs }) => outputs.map(({ prediction }) => prediction!.length))).toEqual([[2, 2, 2], [2]]);
  expect(steps[0]!.histogramActivations).toEqual(['prediction']);
  expect((await run()).steps[0]!.histogramActivations).toEqual([]);
});

it('gets the metrics of an epoch, counted from 1, without validation values where nothing was validated', async () => {
  const { epochs } = await run({ numEpochs: 2 });
  expect(epochs.map(([training, validation, epoch]) => ['loss' in training, validation, epoch])).toEqual([
    [true, {}, 1],
    [true, {}, 2],
  ]);
});

it('keeps nothing of what it was shown', async () => {
  const counts: number[] = [];
  class Counts extends EpochCallback {
    override onEpoch(): void {
      counts.push(tf.memory().numTensors);
    }
  }
  const atStart = tf.memory().numTensors;
  await run({ numEpochs: 3, epochCallbacks: [new Counts()] });
  expect(counts[2]! - counts[1]!).toBe(0);
  expect(counts[1]).toBeGreaterThan(atStart);
});
