import { join } from 'node:path';

import type * as tf from '@tensorflow/tfjs-core';
import type { BatchReport, LogNeeds, MemoryReport, MetricValues } from '@x/trainer-core';
import { inject, log, parseOptions, SerializationDir, TensorboardWriter } from '@x/trainer-core';
import { z } from 'zod';

import { BatchSizes } from './batch-sizes.js';
import { EventFile } from './event-file.js';
import { histogramOf } from './histogram.js';
import type { SummaryValue } from './messages.js';
import { metricsTable } from './metrics-table.js';
import { mean, norm, standardDeviation } from './statistics.js';

const interval = z.int().positive();

export const TensorboardWriterOptions = z.strictObject({
  summaryInterval: interval.default(100).describe('Steps between two logs of loss, metrics and parameter statistics'),
  histogramInterval: interval
    .nullable()
    .default(null)
    .describe('Steps between two histograms of parameters and updates; null draws none'),
  batchSizeInterval: interval
    .nullable()
    .default(null)
    .describe('Steps between two logs of the batch size; null logs none'),
  shouldLogParameterStatistics: z
    .boolean()
    .default(true)
    .describe('Whether to log mean and standard deviation of parameters and gradients, and the gradient norm'),
  shouldLogLearningRate: z.boolean().default(false).describe('Whether to log the learning rate of each parameter'),
});

/** Added to the norm that a change is divided by, which may be 0: the original's value for float32. */
const TINY = 1e-13;

const BYTES_PER_MEGABYTE = 1e6;

type Split = 'train' | 'validation';

/**
 * Writes TensorBoard event files into `<folder>/log/train` and `<folder>/log/validation`. Without a folder it writes
 * no file and asks for nothing.
 *
 * At every `summaryInterval`-th step, tagged with the step: `parameter_mean/<name>`, `parameter_std/<name>`,
 * `gradient_mean/<name>`, `gradient_std/<name>` (gradients as the optimizer gets them; standard deviations are unbiased),
 * `gradient_norm`, `learning_rate/<name>`, `loss/loss_train` (the running mean of the epoch), `epoch_metrics/<metric>`. At
 * every `histogramInterval`-th: `activation_histogram/<output>` of each batch, `parameter_histogram/<name>`, and the norm of
 * the parameter's change over its own norm, `gradient_update/<name>`. At the 1st of every `batchSizeInterval` steps:
 * `current_batch_size`, `mean_batch_size`. After every epoch, tagged with the epoch: each metric under its own name; the
 * table of both splits also goes to the log.
 *
 * Source: `TensorboardWriter` of AllenNLP 1.0.
 */
@TensorboardWriter.register('default', TensorboardWriterOptions)
export class DefaultTensorboardWriter extends TensorboardWriter {
  private readonly options: z.output<typeof TensorboardWriterOptions>;
  private readonly files: Readonly<Record<Split, EventFile>> | null;
  private readonly batchSizes: BatchSizes;

  /** @throws SerializationDirError (`X_DIR_NOT_WRITABLE`) if the files cannot be made. */
  constructor(
    options: z.input<typeof TensorboardWriterOptions>,
    @inject(SerializationDir, { optional: true }) folder?: string | null,
  ) {
    super();
    this.options = parseOptions(TensorboardWriterOptions, options, 'DefaultTensorboardWriter');
    this.batchSizes = new BatchSizes(this.options.batchSizeInterval);
    this.files =
      typeof folder === 'string'
        ? {
            train: new EventFile(join(folder, 'log', 'train')),
            validation: new EventFile(join(folder, 'log', 'validation')),
          }
        : null;
  }

  override needs(batchNumTotal: number): LogNeeds {
    return {
      gradients: this.options.shouldLogParameterStatistics && this.summaryDue(batchNumTotal),
      parametersBefore: this.histogramDue(batchNumTotal),
    };
  }

  override async logBatch(report: BatchReport): Promise<void> {
    const step = report.batchNumTotal;
    const values: SummaryValue[] = [];
    if (this.histogramDue(step)) values.push(...(await activations(report)));
    if (this.summaryDue(step)) values.push(...(await this.summary(report)));
    if (this.histogramDue(step)) values.push(...(await histograms(report)), ...(await updates(report)));
    const sizes = this.batchSizes.count(report.batches);
    if (sizes !== null) {
      log.info(`current batch size: ${sizes.current} mean batch size: ${sizes.mean}`);
      values.push(scalar('current_batch_size', sizes.current), scalar('mean_batch_size', sizes.mean));
    }
    this.files?.train.write(values, step);
  }

  override async logMetrics(
    training: Readonly<MetricValues>,
    validation: Readonly<MetricValues>,
    epoch: number,
  ): Promise<void> {
    this.files?.train.write(sorted(training), epoch);
    this.files?.validation.write(sorted(validation), epoch);
    for (const line of metricsTable(training, validation)) log.info(line);
  }

  override addScalar(split: Split, tag: string, value: number, step: number): void {
    this.files?.[split].write([scalar(tag, value)], step);
  }

  /** In megabytes (10^6 bytes). Devices are numbered in the order of workers. */
  override logMemory(reports: readonly MemoryReport[], step: number): void {
    const megabytes = (tag: string, bytes: number): SummaryValue =>
      scalar(`memory_usage/${tag}`, bytes / BYTES_PER_MEGABYTE);
    const devices = reports.flatMap(({ deviceBytes }) => Object.values(deviceBytes));
    this.files?.train.write(
      [
        ...reports.map(({ hostBytes }, rank) => megabytes(`worker_${rank}_cpu`, hostBytes)),
        megabytes(
          'cpu',
          reports.reduce((sum, { hostBytes }) => sum + hostBytes, 0),
        ),
        ...devices.map((bytes, i) => megabytes(`gpu_${i}`, bytes)),
      ],
      step,
    );
  }

  override async close(): Promise<void> {
    this.files?.train.close();
    this.files?.validation.close();
  }

  private summaryDue(step: number): boolean {
    return this.files !== null && step % this.options.summaryInterval === 0;
  }

  private histogramDue(step: number): boolean {
    const { histogramInterval } = this.options;
    return this.files !== null && histogramInterval !== null && step % histogramInterval === 0;
  }

  private async summary(report: BatchReport): Promise<SummaryValue[]> {
    const { shouldLogParameterStatistics, shouldLogLearningRate } = this.options;
    return [
      ...(shouldLogParameterStatistics ? await parameterStatistics(report) : []),
      ...(shouldLogLearningRate
        ? Object.entries(report.learningRates).map(([name, rate]) => scalar(`learning_rate/${name}`, rate))
        : []),
      scalar('loss/loss_train', report.metrics['loss'] ?? report.loss),
      ...sorted(report.metrics, 'epoch_metrics/'),
    ];
  }
}

async function parameterStatistics({ parameters, gradients = {}, gradientNorm }: BatchReport): Promise<SummaryValue[]> {
  const values: SummaryValue[] = [];
  for (const { name, variable } of parameters) {
    values.push(...(await statisticsOf('parameter', name, variable)));
    const gradient = gradients[name];
    if (gradient !== undefined) values.push(...(await statisticsOf('gradient', name, gradient)));
  }
  return gradientNorm === null ? values : [...values, scalar('gradient_norm', gradientNorm)];
}

async function statisticsOf(what: string, name: string, tensor: tf.Tensor): Promise<SummaryValue[]> {
  const data = await tensor.data();
  const [average, deviation] = [mean(data), standardDeviation(data)];
  return [
    ...(average === null ? [] : [scalar(`${what}_mean/${name}`, average)]),
    ...(deviation === null ? [] : [scalar(`${what}_std/${name}`, deviation)]),
  ];
}

/** Those of every batch of the step, in order, under one name. */
async function activations({ outputs, histogramActivations }: BatchReport): Promise<SummaryValue[]> {
  const wanted = outputs.flatMap((each) =>
    histogramActivations.map((name) => histogramValue(`activation_histogram/${name}`, each[name])),
  );
  return (await Promise.all(wanted)).flat();
}

async function histograms({ histogramParameters, parameters }: BatchReport): Promise<SummaryValue[]> {
  const wanted = histogramParameters.map((name) =>
    histogramValue(`parameter_histogram/${name}`, parameters.get(name)?.variable),
  );
  return (await Promise.all(wanted)).flat();
}

/** Nothing for a tensor that is not there, or has no finite value. */
async function histogramValue(tag: string, tensor: tf.Tensor | undefined): Promise<SummaryValue[]> {
  const histogram = tensor === undefined ? null : histogramOf(await tensor.data());
  return histogram === null ? [] : [{ tag, histogram }];
}

/** The norm of each parameter's change in proportion to its own. */
async function updates({ parameters, parametersBefore = {} }: BatchReport): Promise<SummaryValue[]> {
  const values = [...parameters].map(async ({ name, variable }) => {
    const before = await parametersBefore[name]?.data();
    if (before === undefined) return [];
    const after = await variable.data();
    const change = Float64Array.from(after, (value, i) => value - before[i]!);
    return [scalar(`gradient_update/${name}`, norm(change) / (norm(after) + TINY))];
  });
  return (await Promise.all(values)).flat();
}

function scalar(tag: string, value: number): SummaryValue {
  return { tag, simpleValue: value };
}

function sorted(metrics: Readonly<MetricValues>, prefix = ''): SummaryValue[] {
  return Object.entries(metrics)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => scalar(prefix + name, value));
}
