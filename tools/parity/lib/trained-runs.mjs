import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import {
  GradientDescentTrainer,
  LearningRateScheduler,
  MomentumScheduler,
  MovingAverage,
  Optimizer,
  ParameterSet,
  Trainer,
} from '@x/trainer-core';

import { compare } from './compare.mjs';
import { engineOptions } from './engine.mjs';
import { model } from './models.mjs';
import { comparableMetrics } from './recorder.mjs';
import { ParityRun, plugins, requireKnown } from './run.mjs';
import { batch } from './tensors.mjs';

/** What trained numbers may differ by. */
export const TOLERANCE = 1e-4;

/**
 * A run of a fixture from given parameters: `build()` and `train()` it, then look at `trainer` and `returned`.
 *
 * @param options trainer options besides the fixture's.
 */
export function trainedRun(fixture, parameters, options) {
  const { optimizer, learning_rate_scheduler, momentum_scheduler, moving_average } = fixture.trainer;
  const { type, ...config } = fixture.trainer;
  requireKnown(Optimizer, optimizer);
  requireKnown(LearningRateScheduler, learning_rate_scheduler);
  requireKnown(MomentumScheduler, momentum_scheduler);
  requireKnown(MovingAverage, moving_average);
  const regularizers = new ParityRun({ parameters: ParameterSet.of({}) });
  const run = {
    build: () => {
      run.trainer = GradientDescentTrainer.fromPartialObjects({
        ...(type === Trainer.defaultName ? config : fixture.trainer),
        ...engineOptions,
        ...options,
        model: model(fixture.model, parameters, regularizers),
        dataLoader: fixture.train_batches.map(batch),
        validationDataLoader: fixture.validation_batches?.map(batch) ?? null,
        plugins,
      });
    },
    train: async () => {
      run.returned = await run.trainer.train();
    },
  };
  return run;
}

/** The folders of the checkpoints that are kept, and those of them that a pointer names. */
export function keptCheckpoints(folder) {
  const checkpoints = path.join(folder, 'checkpoints');
  const pointers = ['best.json', 'latest.json'].map((name) => path.join(folder, name)).filter(fs.existsSync);
  return {
    kept: fs.existsSync(checkpoints) ? fs.readdirSync(checkpoints).sort() : [],
    named: pointers.map((file) => path.basename(JSON.parse(fs.readFileSync(file, 'utf8')).checkpoint)),
  };
}

/** What is kept is what is expected, and besides nothing but what a pointer names: the original copies the best weights. */
export function compareKept(expected, { kept, named }, at) {
  const comparable = kept.filter((name) => expected.includes(name) || !named.includes(name));
  compare(expected, comparable, at, 0);
}

/** The names of the files with the metrics of epochs. */
export function metricsFiles(folder) {
  return fs.readdirSync(folder).filter((file) => /^metrics_epoch_\d+\.json$/.test(file));
}

/** Metrics have exactly the names, and the values, that are expected. */
export function compareMetrics(expected, received, at) {
  const metrics = comparableMetrics(received);
  compare(Object.keys(expected).sort(), Object.keys(metrics).sort(), `${at}, names`, 0);
  compare(expected, metrics, at, TOLERANCE);
}

/** The data of fixture tensors by name. */
export const flat = (tensors) => Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data]));

/** Runs in a new folder, which is removed afterwards. */
export async function inFolder(run) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'parity-'));
  try {
    return await run(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
