import '@tensorflow/tfjs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs-core';
import type { Batch, BatchReport } from '@x/trainer-core';
import {
  component,
  ParameterSet,
  Registry,
  RunContainer,
  SerializationDir,
  TensorboardWriter,
  withLog,
  withRegistry,
} from '@x/trainer-core';

import { DefaultTensorboardWriter } from './default-tensorboard-writer.js';
import { eventFilesIn, readEvents } from './event-file.js';
import plugin from './plugin.js';

type Entry = readonly [tag: string, step: number, value: unknown];

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'writer-'))));
afterEach(() => rm(folder, { recursive: true }));

/** Everything that one split has been told. */
async function logged(split: 'train' | 'validation'): Promise<Entry[]> {
  const events = (await Promise.all((await eventFilesIn(join(folder, 'log', split))).map(readEvents))).flat();
  return events.flatMap(({ step, values }) =>
    values.map((value): Entry => [value.tag, step, 'histogram' in value ? value.histogram : value.simpleValue]),
  );
}

const w = tf.variable(tf.tensor2d([[1, 2, 3, 6]]));
const b = tf.variable(tf.scalar(0.5));
const gradients = { w: tf.tensor2d([[2, 2, 4, 4]]), b: tf.scalar(-1) };
const parametersBefore = { w: tf.tensor2d([[1, 2, 0, 2]]), b: tf.scalar(0.5) };
const batchOf = (size: number): Batch => ({ name: 'first', x: tf.zeros([size, 2]), y: tf.zeros([7]) });

function report(batchNumTotal: number, more: Partial<BatchReport> = {}): BatchReport {
  return {
    batchNumTotal,
    parameters: ParameterSet.of({ w, b }),
    gradientNorm: null,
    learningRates: { b: 0.25, w: 0.125 },
    histogramParameters: ['w', 'b'],
    batches: [batchOf(3)],
    outputs: [],
    histogramActivations: [],
    loss: 1.5,
    metrics: { loss: 2.5, accuracy: 0.75 },
    ...more,
  };
}

describe('a summary', () => {
  test('has the statistics of parameters and gradients, the loss and the metrics by name', async () => {
    const writer = new DefaultTensorboardWriter({ summaryInterval: 1 }, folder);
    await writer.logBatch(report(1, { gradients, gradientNorm: 8 }));
    await writer.close();
    expect(await logged('train')).toEqual([
      ['parameter_mean/w', 1, 3],
      ['parameter_std/w', 1, Math.fround(Math.sqrt(14 / 3))],
      ['gradient_mean/w', 1, 3],
      ['gradient_std/w', 1, Math.fround(Math.sqrt(4 / 3))],
      ['parameter_mean/b', 1, 0.5],
      ['gradient_mean/b', 1, -1],
      ['gradient_norm', 1, 8],
      ['loss/loss_train', 1, 2.5],
      ['epoch_metrics/accuracy', 1, 0.75],
      ['epoch_metrics/loss', 1, 2.5],
    ]);
    expect(await logged('validation')).toEqual([]);
  });

  test('is written at every hundredth step unless told otherwise', async () => {
    const writer = new DefaultTensorboardWriter({ shouldLogParameterStatistics: false }, folder);
    for (let step = 1; step <= 300; step += 1) await writer.logBatch(report(step));
    expect(new Set((await logged('train')).map(([, step]) => step))).toEqual(new Set([100, 200, 300]));
    await writer.close();
  });

  test('has learning rates if asked, and only what is asked', async () => {
    const writer = new DefaultTensorboardWriter(
      { summaryInterval: 2, shouldLogParameterStatistics: false, shouldLogLearningRate: true },
      folder,
    );
    await writer.logBatch(report(2, { gradientNorm: 8, metrics: {} }));
    expect(await logged('train')).toEqual([
      ['learning_rate/b', 2, 0.25],
      ['learning_rate/w', 2, 0.125],
      ['loss/loss_train', 2, 1.5],
    ]);
    await writer.close();
  });

  test('leaves out gradients that no batch has reached, and empty parameters', async () => {
    const writer = new DefaultTensorboardWriter({ summaryInterval: 1 }, folder);
    const empty = tf.variable(tf.zeros([0]));
    await writer.logBatch(report(1, { parameters: ParameterSet.of({ b, empty }), gradients: {}, metrics: {} }));
    expect((await logged('train')).map(([tag]) => tag)).toEqual(['parameter_mean/b', 'loss/loss_train']);
    await writer.close();
  });
});

describe('histograms', () => {
  test('are of the named parameters, and updates of all', async () => {
    const writer = new DefaultTensorboardWriter({ histogramInterval: 3 }, folder);
    await writer.logBatch(report(3, { histogramParameters: ['w'], parametersBefore }));
    expect(await logged('train')).toEqual([
      ['parameter_histogram/w', 3, expect.objectContaining({ num: 4, sum: 12, min: 1, max: 6, sumSquares: 50 })],
      // the norm of (0, 0, 3, 4) over that of (1, 2, 3, 6)
      ['gradient_update/w', 3, Math.fround(5 / (Math.sqrt(50) + 1e-13))],
      ['gradient_update/b', 3, 0],
    ]);
    await writer.close();
  });
});

test('histograms of activations are those of each batch of the step', async () => {
  const writer = new DefaultTensorboardWriter({ histogramInterval: 2 }, folder);
  const outputs = [
    { hidden: tf.tensor1d([1, 2]), loss: tf.scalar(0) },
    { hidden: tf.tensor1d([5]), loss: tf.scalar(0) },
  ];
  for (const step of [1, 2]) {
    const wanted = { outputs, histogramActivations: ['hidden', 'absent'], histogramParameters: [] };
    await writer.logBatch(report(step, wanted));
  }
  await writer.close();
  expect(await logged('train')).toEqual([
    ['activation_histogram/hidden', 2, expect.objectContaining({ num: 2, sum: 3 })],
    ['activation_histogram/hidden', 2, expect.objectContaining({ num: 1, sum: 5 })],
  ]);
});

describe('what a step must keep', () => {
  test.each([
    { options: {}, step: 99, needs: { gradients: false, parametersBefore: false } },
    { options: {}, step: 100, needs: { gradients: true, parametersBefore: false } },
    {
      options: { shouldLogParameterStatistics: false },
      step: 100,
      needs: { gradients: false, parametersBefore: false },
    },
    { options: { histogramInterval: 3 }, step: 3, needs: { gradients: false, parametersBefore: true } },
    {
      options: { histogramInterval: 3, summaryInterval: 2 },
      step: 6,
      needs: { gradients: true, parametersBefore: true },
    },
  ])('of step $step with $options', async ({ options, step, needs }) => {
    const writer = new DefaultTensorboardWriter(options, folder);
    expect(writer.needs(step)).toEqual(needs);
    await writer.close();
  });
});

test('batch sizes are those of whole groups, and the mean is over all steps so far', async () => {
  const writer = new DefaultTensorboardWriter({ batchSizeInterval: 2 }, folder);
  const messages: string[] = [];
  await withLog({ info: (message) => messages.push(message), warn: () => undefined }, async () => {
    await writer.logBatch(report(1, { batches: [batchOf(3), batchOf(3)] }));
    await writer.logBatch(report(2, { batches: [batchOf(3), batchOf(2)] }));
    await writer.logBatch(report(3, { batches: [batchOf(4)] }));
  });
  expect(await logged('train')).toEqual([
    ['current_batch_size', 1, 6],
    ['mean_batch_size', 1, 6],
    ['current_batch_size', 3, 4],
    ['mean_batch_size', 3, 5],
  ]);
  expect(messages).toEqual(['current batch size: 6 mean batch size: 6', 'current batch size: 4 mean batch size: 5']);
  await writer.close();
});

test('metrics of an epoch go to both splits under their own names, at the number of the epoch', async () => {
  const writer = new DefaultTensorboardWriter({}, folder);
  await writer.logMetrics({ reg_loss: 0, loss: 1, gpu: 5 }, { loss: 2, reg_loss: 0, auc: 0.5 }, 1);
  await writer.logMetrics({ loss: 0.5 }, {}, 2);
  expect(await logged('train')).toEqual([
    ['gpu', 1, 5],
    ['loss', 1, 1],
    ['reg_loss', 1, 0],
    ['loss', 2, 0.5],
  ]);
  expect(await logged('validation')).toEqual([
    ['auc', 1, 0.5],
    ['loss', 1, 2],
    ['reg_loss', 1, 0],
  ]);
  await writer.close();
});

test('metrics of an epoch also go to the log, as a table', async () => {
  const lines: string[] = [];
  await withLog({ info: (line) => lines.push(line), warn: () => undefined }, () =>
    new DefaultTensorboardWriter({}, null).logMetrics({ loss: 1 }, { loss: 2 }, 1),
  );
  expect(lines).toEqual(['         Training |  Validation', 'loss |     1.000  |     2.000']);
});

test('callbacks add values of their own', async () => {
  const writer = new DefaultTensorboardWriter({}, folder);
  writer.addScalar('validation', 'bleu', 0.25, 7);
  await writer.close();
  expect(await logged('validation')).toEqual([['bleu', 7, 0.25]]);
});

test('memory is in megabytes, of each worker, of all, and of each device', async () => {
  const writer = new DefaultTensorboardWriter({}, folder);
  writer.logMemory(
    [
      { hostBytes: 2e6, deviceBytes: { 'cuda:0': 5e5 }, tensors: 1 },
      { hostBytes: 3e6, deviceBytes: { 'cuda:1': 1e6 }, tensors: 1 },
    ],
    4,
  );
  await writer.close();
  expect(await logged('train')).toEqual([
    ['memory_usage/worker_0_cpu', 4, 2],
    ['memory_usage/worker_1_cpu', 4, 3],
    ['memory_usage/cpu', 4, 5],
    ['memory_usage/gpu_0', 4, 0.5],
    ['memory_usage/gpu_1', 4, 1],
  ]);
});

test('the folders are there at once', async () => {
  const writer = new DefaultTensorboardWriter({}, folder);
  expect((await readdir(join(folder, 'log'))).sort()).toEqual(['train', 'validation']);
  await writer.close();
});

test('without a folder it asks for nothing and writes no file', async () => {
  const writer = new DefaultTensorboardWriter({ summaryInterval: 1, histogramInterval: 1, batchSizeInterval: 1 }, null);
  expect(writer.needs(1)).toEqual({ gradients: false, parametersBefore: false });
  await writer.logBatch(report(1));
  await writer.logMetrics({ loss: 1 }, {}, 1);
  writer.addScalar('train', 'x', 1, 1);
  writer.logMemory([], 1);
  await writer.close();
  expect(await readdir(folder)).toEqual([]);
});

test('no tensor is left behind', async () => {
  const writer = new DefaultTensorboardWriter({ summaryInterval: 1, histogramInterval: 1 }, folder);
  const step = report(1, { gradients, parametersBefore });
  const before = tf.memory().numTensors;
  await writer.logBatch(step);
  await writer.close();
  expect(tf.memory().numTensors).toBe(before);
});

test('in a run it is the default writer, in the folder of the run', async () => {
  const registry = new Registry([plugin]);
  const run = new RunContainer(registry);
  run.provide(SerializationDir, folder);
  const writer = run.build(withRegistry(registry, () => component(TensorboardWriter).parse({ summaryInterval: 1 })));
  expect(writer.needs(1).gradients).toBe(true);
  expect(await readdir(folder)).toEqual(['log']);
  await writer.close();
});
