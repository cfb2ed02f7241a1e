import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  buildRun,
  prepareRun,
  searchLearningRate,
  SerializationDirError,
  smoothed,
  suggestLearningRate,
} from '@x/trainer-core';
import type { LearningRateCurve, Plugin } from '@x/trainer-core';

import { formatNumber } from '../format.js';
import { gradientDescentOf } from '../gradient-descent-of.js';
import { print, writeWhole, writing } from '../io.js';
import type { Io } from '../io.js';
import type { Series } from '../plot/series.js';
import { svgPlot } from '../plot/svg-plot.js';
import { terminalPlot } from '../plot/terminal-plot.js';
import { loadTensorflow } from '../tensorflow.js';

export interface FindLrOptions {
  readonly serializationDir: string;
  readonly overrides?: readonly string[];
  readonly startLr: string;
  readonly endLr: string;
  readonly numBatches: string;
  readonly stoppingFactor?: string;
  readonly linear?: boolean;
  readonly force?: boolean;
}

const PLOT = 'lr-losses.svg';
const POINTS = 'lr-losses.tsv';
/** How far above the first loss the drawing goes, in first losses. */
const DRAWN_ABOVE_FIRST = 2;

/** Trains with a learning rate that grows, and shows the losses over it. */
export async function findLr(
  config: string,
  options: FindLrOptions,
  plugins: readonly Plugin[],
  io: Io,
): Promise<void> {
  const { serializationDir: folder, linear = false } = options;
  await checkFolder(folder, options.force === true);
  const curve = await search(config, options, plugins);
  const series = seriesOf(curve);
  const plot = {
    title: 'Loss over learning rate',
    xLabel: linear ? 'learning rate' : 'learning rate (logarithmic)',
    yLabel: 'loss',
    logX: !linear,
  };
  await writing(folder, async () => void (await mkdir(folder, { recursive: true })));
  await writeWhole(join(folder, PLOT), svgPlot(series, plot));
  await writeWhole(join(folder, POINTS), pointsOf(curve));
  print(io, terminalPlot(series, plot));
  print(io);
  const suggestion = suggestLearningRate(curve);
  print(
    io,
    suggestion === null
      ? 'the loss never falls: try smaller rates (--start-lr), or look at the data and the model'
      : `a learning rate to start with: ${formatNumber(suggestion)}, a tenth of the one with the lowest smoothed loss`,
  );
  print(io, `everything is in ${folder}: ${PLOT}, ${POINTS}`);
}

async function search(config: string, options: FindLrOptions, plugins: readonly Plugin[]): Promise<LearningRateCurve> {
  const { startLr, endLr, numBatches, stoppingFactor, linear = false, overrides } = options;
  await loadTensorflow(dirname(config));
  const run = await prepareRun(config, { overrides, plugins });
  try {
    const trainer = gradientDescentOf(await buildRun(run, null), config);
    return await searchLearningRate(trainer, {
      startLr: Number(startLr),
      endLr: Number(endLr),
      numBatches: Number(numBatches),
      linearSteps: linear,
      stoppingFactor: stoppingFactor === undefined ? null : Number(stoppingFactor),
    });
  } finally {
    run.container.dispose();
  }
}

/** Only what this command wrote is replaced, and only when asked to: anything else in the folder stays. */
async function checkFolder(folder: string, force: boolean): Promise<void> {
  const entries = await readdir(folder).catch(() => []);
  if (force || entries.length === 0) return;
  throw new SerializationDirError(
    'X_DIR_NOT_EMPTY',
    `the folder ${folder} is not empty; choose another one, or with --force have ${PLOT} and ${POINTS} in it replaced`,
  );
}

/** Without the losses of an explosion, beside which everything before it would be a flat line. */
function seriesOf({ learningRates, losses }: LearningRateCurve): Series[] {
  const [first = 0] = losses;
  const highest = first === 0 ? Infinity : first + DRAWN_ABOVE_FIRST * Math.abs(first);
  const drawn = (values: readonly number[]): Series['points'] =>
    learningRates.flatMap((rate, i) => (values[i]! > highest ? [] : [[rate, values[i]!] as const]));
  return [
    { name: 'loss', points: drawn(losses) },
    { name: 'smoothed', points: drawn(smoothed(losses)) },
  ];
}

function pointsOf({ learningRates, losses }: LearningRateCurve): string {
  const curve = smoothed(losses);
  const rows = learningRates.map((rate, i) => [rate, losses[i], curve[i]].join('\t'));
  return `${['learning_rate\tloss\tsmoothed_loss', ...rows].join('\n')}\n`;
}
