import { dirname, join, parse } from 'node:path';
import { buildRun, ComponentSpec, ConfigError, DataLoader, prepareRun } from '@x/trainer-core';
import type { Batch, GradientDescentTrainer, Plugin, PreparedRun } from '@x/trainer-core';

import { formatNumber } from '../format.js';
import { gradientDescentOf } from '../gradient-descent-of.js';
import { print, wholeNumber, writeWhole } from '../io.js';
import type { Io } from '../io.js';
import type { Point, Series } from '../plot/series.js';
import { svgPlot } from '../plot/svg-plot.js';
import { terminalPlot } from '../plot/terminal-plot.js';
import { followSchedules } from '../schedule-course.js';
import type { ScheduleCourse } from '../schedule-course.js';
import { loadTensorflow } from '../tensorflow.js';

export interface ScheduleCommandOptions {
  readonly overrides?: readonly string[];
  readonly epochs?: string;
  readonly stepsPerEpoch?: string;
  readonly output?: string;
}

/** Shows what the schedulers of a config do over its whole training, without training. */
export async function schedule(
  config: string,
  options: ScheduleCommandOptions,
  plugins: readonly Plugin[],
  io: Io,
): Promise<void> {
  await loadTensorflow(dirname(config));
  const run = await prepareRun(config, { overrides: options.overrides, plugins });
  try {
    const trainer = gradientDescentOf(await buildRun(adjusted(run, options), null), config);
    const { numEpochs, stepsPerEpoch } = trainer;
    if (stepsPerEpoch === null) {
      throw ConfigError.of(
        'X_CONFIG_INVALID',
        'dataLoader',
        'it does not know how many batches an epoch has; say --steps-per-epoch, or set its batchesPerEpoch',
        config,
      );
    }
    await show(config, followSchedules(trainer, numEpochs, stepsPerEpoch), options.output, io);
    print(io, `${numEpochs} epochs of ${stepsPerEpoch} steps`);
  } finally {
    run.container.dispose();
  }
}

/** Plots one after the other on the terminal, each also written to a file. */
async function show(
  config: string,
  { learningRates, momenta, needsMetric }: ScheduleCourse,
  output: string | undefined,
  io: Io,
): Promise<void> {
  const { dir, name, ext } = parse(output ?? `${withoutExtension(config)}.schedule.svg`);
  const plots = [
    { what: 'learning rate', series: learningRates, path: join(dir, `${name}${ext}`) },
    { what: 'momentum', series: momenta, path: join(dir, `${name}.momentum${ext}`) },
  ].filter(({ series }) => series.length > 0);
  for (const { what, series, path } of plots) {
    const labels = { title: `${what} of ${parse(config).base}`, xLabel: 'step', yLabel: what };
    print(io, terminalPlot(series, labels));
    for (const curve of series) print(io, inWords(curve));
    await writeWhole(path, svgPlot(series, labels));
    print(io, `written to ${path}`);
    print(io);
  }
  if (needsMetric) {
    print(
      io,
      'a scheduler depends on the validation metric, which there is none of without training: what it sets is kept',
    );
  }
}

function inWords({ name, points }: Series): string {
  if (points.length === 0) return `${name}: there is no step`;
  const lowest = points.reduce((best, point) => (point[1] < best[1] ? point : best));
  const highest = points.reduce((best, point) => (point[1] > best[1] ? point : best));
  const at = ([step, value]: Point): string => `${formatNumber(value)} at step ${step}`;
  if (lowest[1] === highest[1]) return `${name}: ${formatNumber(lowest[1])} all the time`;
  return `${name}: ${at(points[0]!)}, highest ${at(highest)}, lowest ${at(lowest)}, ${at(points.at(-1)!)}`;
}

function withoutExtension(path: string): string {
  const { dir, name } = parse(path);
  return join(dir, name);
}

/** The run with the numbers of the command line. */
function adjusted(run: PreparedRun, { epochs, stepsPerEpoch }: ScheduleCommandOptions): PreparedRun {
  const { trainer, dataLoader } = run.options;
  const spec = trainer as ComponentSpec<GradientDescentTrainer>;
  const trained = spec.options as { readonly numGradientAccumulationSteps?: number };
  const length = epochs === undefined ? {} : { numEpochs: wholeNumber('--epochs', epochs) };
  const loader =
    stepsPerEpoch === undefined
      ? dataLoader
      : new StepCount(wholeNumber('--steps-per-epoch', stepsPerEpoch) * (trained.numGradientAccumulationSteps ?? 1));
  return {
    ...run,
    options: {
      ...run.options,
      dataLoader: loader,
      trainer: new ComponentSpec(spec.registration, { ...trained, ...length }, spec.provided),
    },
  };
}

/** A data loader that only knows how many batches it would have. */
class StepCount extends DataLoader {
  override readonly resumability = 'seekable';

  constructor(private readonly batches: number) {
    super();
  }

  override length(): number {
    return this.batches;
  }

  override async *epoch(): AsyncGenerator<Batch> {
    // nothing is trained
  }
}
