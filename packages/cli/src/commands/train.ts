import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { trainFromConfig } from '@x/trainer-core';
import type { TrainingMetrics } from '@x/trainer-core';

import { ConsoleProgress } from '../console-progress.js';
import { print } from '../io.js';
import type { Io } from '../io.js';
import { metricsTable } from '../metrics-table.js';
import { loadTensorflow } from '../tensorflow.js';

export interface TrainCommandOptions {
  readonly serializationDir: string;
  readonly recover?: boolean;
  readonly force?: boolean;
  readonly overrides?: string;
  readonly dryRun?: boolean;
}

/** Trains what a config file describes, and says where everything is. */
export async function train(config: string, options: TrainCommandOptions, io: Io): Promise<void> {
  const { serializationDir, recover = false, force = false, overrides, dryRun = false } = options;
  await loadTensorflow(dirname(config));
  const run = await trainFromConfig(config, {
    serializationDir,
    recover,
    force,
    dryRun,
    signals: true,
    callbacks: [new ConsoleProgress({}, io.out)],
    log: { info: () => undefined, warn: (message) => io.err.write(`warning: ${message}\n`) },
    ...(overrides === undefined ? {} : { overrides }),
  });
  try {
    if (dryRun) print(io, `${config} is fine: everything was built, nothing was trained or written`);
    else for (const line of await summary(run.metrics, serializationDir)) print(io, line);
  } finally {
    run.dispose();
  }
}

/** What every run writes; anything else means that there are weights. */
const WITHOUT_WEIGHTS = /^(config\.json|log|meta\.json|metrics(_epoch_\d+)?\.json|vocabulary)$/;

async function summary(metrics: TrainingMetrics, folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.map(({ name }) => name).sort();
  const places = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
  const { best_epoch: bestEpoch, training_duration: duration } = metrics;
  const data = Object.keys(metrics).some((name) => name.startsWith('test_')) ? '' : ' [data]';
  const hasWeights = names.some((name) => !WITHOUT_WEIGHTS.test(name));
  const next = [
    ...(hasWeights ? [`x-train evaluate ${folder}${data}`, `x-train predict ${folder} requests.jsonl`] : []),
    ...(names.includes('log') ? [`tensorboard --logdir ${join(folder, 'log')}`] : []),
  ];
  return [
    '',
    ...metricsTable(metrics),
    '',
    ...(typeof bestEpoch === 'number' ? [`best epoch ${bestEpoch + 1}, trained in ${String(duration)}`] : []),
    `everything is in ${folder}: ${places.join(', ')}`,
    ...next.map((command, i) => `${i === 0 ? 'next: ' : '      '}${command}`),
  ];
}
