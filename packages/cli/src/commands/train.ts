import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bestWeightsIn, DatasetReader, InterruptedError, TrainerError, trainFromConfig } from '@x/trainer-core';
import type { Plugin, ResumeMode, RunResultSummary } from '@x/trainer-core';

import { ARCHIVE, archiveModel } from '../archive/archive-model.js';
import { ConsoleProgress } from '../console-progress.js';
import { datasetStatistics } from '../dataset-statistics.js';
import { EndOfRun } from '../end-of-run.js';
import { explainFailure } from '../exit-status.js';
import { formatDuration } from '../format.js';
import { print } from '../io.js';
import type { Io } from '../io.js';
import { metricsTable } from '../metrics-table.js';
import { OpenRunLog, RunLog } from '../run-log.js';
import { loadTensorflow } from '../tensorflow.js';

export interface TrainCommandOptions {
  readonly serializationDir: string;
  readonly recover?: boolean;
  readonly resume?: ResumeMode;
  readonly force?: boolean;
  readonly overrides?: readonly string[];
  readonly fileFriendlyLogging?: boolean;
  readonly dryRun?: boolean;
}

/** Trains what a config file describes, archives the model, and says where everything is. */
export async function train(
  config: string,
  options: TrainCommandOptions,
  plugins: readonly Plugin[],
  io: Io,
): Promise<void> {
  const { serializationDir: folder, overrides, recover, resume, force, dryRun = false } = options;
  if (resume !== undefined && recover !== true) {
    throw new TrainerError('X_USAGE', '--resume says how a run goes on: give --recover too');
  }
  const log = new RunLog();
  const end = new EndOfRun();
  const say = (line: string): void => {
    print(io, line);
    log.write(line);
  };
  try {
    await loadTensorflow(dirname(config));
    const run = await trainFromConfig(config, {
      serializationDir: folder,
      overrides,
      recover,
      resume,
      force,
      dryRun,
      plugins,
      signals: true,
      callbacks: [new OpenRunLog(log), end, ...displays(options, log, io)],
      log: {
        info: (message) => log.info(message),
        warn: (message) => {
          log.warn(message);
          io.err.write(`warning: ${message}\n`);
        },
      },
    });
    try {
      log.open(folder);
      if (!dryRun) await archive(folder);
      for (const line of dryRun ? statistics(config, folder, run) : await summary(folder, run, end)) say(line);
    } finally {
      run.dispose();
    }
  } catch (error) {
    if (error instanceof InterruptedError) {
      log.open(folder);
      await archive(folder);
    }
    for (const line of explainFailure(error).lines) log.error(line);
    throw error;
  }
}

/** On the terminal, and as lines in the log. */
function displays({ fileFriendlyLogging = false }: TrainCommandOptions, log: RunLog, { out }: Io): ConsoleProgress[] {
  const terminal = fileFriendlyLogging ? { write: (text: string): unknown => out.write(text) } : out;
  return [new ConsoleProgress({}, terminal), new ConsoleProgress({}, { write: (text) => log.write(text) })];
}

/** Runs without a checkpointer, and those that keep their checkpoints elsewhere, have nothing to archive. */
async function archive(folder: string): Promise<void> {
  if (bestWeightsIn(folder) !== null) await archiveModel(folder);
}

function statistics(config: string, folder: string, { datasets, vocabulary, container }: RunResultSummary): string[] {
  const names = { train: 'training data', validation: 'validation data', test: 'test data' };
  const namespaces = [...new Set(Object.values(container.find(DatasetReader)?.namespaces ?? {}))];
  const sizes = vocabulary === null ? [] : namespaces.map((name) => `${vocabulary.size(name)} ${name}`);
  return [
    ...Object.entries(names).flatMap(([split, name]) => {
      const instances = datasets[split as keyof typeof datasets];
      return instances === undefined ? [] : datasetStatistics(name, instances);
    }),
    ...(sizes.length === 0 ? [] : [`vocabulary: ${sizes.join(', ')}`]),
    `${config} is fine: everything was built and nothing trained; what is written is in ${folder}`,
  ];
}

/** What every run writes; anything else means that there are weights. */
const WITHOUT_WEIGHTS = /^(config\.json|log|meta\.json|metrics(_epoch_\d+)?\.json|out\.log|vocabulary)$/;

/** As it is listed: the metrics of all epochs are one entry. */
function placeOf(name: string, isFolder: boolean): string {
  return isFolder ? `${name}/` : name.replace(/^metrics_epoch_\d+\.json$/, 'metrics_epoch_*.json');
}

async function summary(folder: string, { metrics, datasets }: RunResultSummary, end: EndOfRun): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.map(({ name }) => name).sort();
  const places = entries.map((entry) => placeOf(entry.name, entry.isDirectory())).sort();
  const table = metricsTable(metrics);
  const { best_epoch: bestEpoch, training_duration: duration } = metrics;
  const isTested = Object.keys(metrics).some((name) => name.startsWith('test_'));
  const model = names.includes(ARCHIVE) ? join(folder, ARCHIVE) : folder;
  // of a run that ended before an epoch did
  const which = names.includes('latest.json') && !names.includes('best.json') ? ' --weights latest' : '';
  const next = [
    ...(names.some((name) => !WITHOUT_WEIGHTS.test(name))
      ? [
          `x-train evaluate ${model}${isTested ? '' : ' [data]'}${which}`,
          `x-train predict ${model} requests.jsonl${which}`,
        ]
      : []),
    ...(names.includes('log') ? [`tensorboard --logdir ${join(folder, 'log')}`] : []),
  ];
  return [
    '',
    ...(table.join('') === '' ? [] : [...table, '']),
    ...(end.reason === null ? [] : [end.reason]),
    ...(typeof bestEpoch === 'number'
      ? [`best epoch ${bestEpoch + 1}${typeof duration === 'string' ? `, trained in ${formatDuration(duration)}` : ''}`]
      : []),
    ...(datasets.test !== undefined && !isTested
      ? ['there is test data; with evaluateOnTest: true the best weights are evaluated on it at the end']
      : []),
    `everything is in ${folder}: ${[...new Set(places)].join(', ')}`,
    ...next.map((command, i) => `${i === 0 ? 'next: ' : '      '}${command}`),
  ];
}
