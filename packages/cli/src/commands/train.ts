import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { trainFromConfig } from '@x/trainer-core';

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
    if (dryRun) {
      print(io, `${config} is fine: everything was built, nothing was trained or written`);
      return;
    }
    const { metrics } = run;
    print(io);
    for (const line of metricsTable(metrics)) print(io, line);
    print(io);
    if (metrics['best_epoch'] !== null)
      print(io, `best epoch ${Number(metrics['best_epoch']) + 1}, trained in ${String(metrics['training_duration'])}`);
    const files = ['best.safetensors', 'checkpoints', 'log', 'metrics.json'].filter((name) =>
      existsSync(join(serializationDir, name)),
    );
    print(io, `everything is in ${serializationDir}: ${files.join(', ')}`);
    print(io, `next: x-train evaluate ${serializationDir}`);
    if (files.includes('log')) print(io, `      tensorboard --logdir ${join(serializationDir, 'log')}`);
  } finally {
    run.dispose();
  }
}
