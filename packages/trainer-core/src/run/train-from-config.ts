import { join, relative } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';

import type { Vocabulary } from '../contracts/dataset.js';
import { Engine } from '../contracts/engine.js';
import { TrainerCallback } from '../contracts/callbacks.js';
import type { TrainerView } from '../contracts/callbacks.js';
import type { ModelLike } from '../contracts/model.js';
import type { ResumeMode, TrainingMetrics } from '../contracts/trainer.js';
import { AutoEngine } from '../engine/auto-engine.js';
import { InterruptedError } from '../errors.js';
import { log, withLog } from '../log.js';
import type { Log } from '../log.js';
import type { RunContainer } from '../plugins/container.js';
import { tokenOf } from '../plugins/tokens.js';
import { evaluateModel } from '../training/evaluate.js';
import { writeJson } from '../training/json-file.js';
import { choicesOf } from '../training/recorded-engine.js';
import { buildRun } from './build-run.js';
import type { BuiltRun, Datasets } from './build-run.js';
import { checkNodeVersion } from './node-version.js';
import { prepareResolved, resolveConfig, versionsOf } from './prepare-run.js';
import type { PreparedRun, PrepareOptions } from './prepare-run.js';
import { RunFolder } from './serialization-dir.js';
import type { RunStart } from './serialization-dir.js';

/** How a config is run. */
export interface RunOptions extends PrepareOptions {
  /** The folder that the run writes to; null (the default) writes nothing. */
  readonly serializationDir?: string | null | undefined;
  /** Go on with the run in that folder. Default false. */
  readonly recover?: boolean | undefined;
  /**
   * What is taken of the run's checkpoint: `exact` (the default) refuses what is not the same run, bit for bit; `anyway` warns
   * of what differs, also in the config, and goes on; `weights` takes the weights alone.
   */
  readonly resume?: ResumeMode | undefined;
  /** Replace the run in that folder: it is deleted once the new one has a checkpoint, or is over. Default false. */
  readonly force?: boolean | undefined;
  /**
   * Build everything, write `config.json`, `meta.json` and `vocabulary/`, and train nothing. Default false.
   */
  readonly dryRun?: boolean | undefined;
  /** Whether SIGTERM and SIGINT save and end the run. Default false. */
  readonly signals?: boolean | undefined;
  /** When it aborts, the run saves and ends with an `InterruptedError`. */
  readonly signal?: AbortSignal | undefined;
  /** Where messages go. Default: warnings to standard error. */
  readonly log?: Log | undefined;
}

/** What is left of a run. */
export interface RunResultSummary {
  /** What `metrics.json` holds; empty after a dry run. */
  readonly metrics: TrainingMetrics;
  /** With the best weights where the run saved them. */
  readonly model: ModelLike;
  /** The parts of the run. */
  readonly container: RunContainer;
  readonly serializationDir: string | null;
  /** What was read of each data set; empty where data loaders have data of their own. */
  readonly datasets: Datasets;
  /** The vocabulary of the run, or null. */
  readonly vocabulary: Vocabulary | null;
  /** Frees everything that the run built, the model too. */
  dispose(): void;
}

/**
 * Trains what a config describes: the path of a JSON5, YAML or JSON file, or an object.
 *
 * Mistakes are found in the order of their price: the config and the folder before plugins are loaded, these before data
 * is read, and all that before the folder is changed for good. A run that fails before it has any result leaves no tensor
 * and the folder as it was, also with `force`. While a run is under way, no other one may write to its folder.
 *
 * @throws ConfigError, PluginError, SerializationDirError, DataError and what building and training throw.
 */
export async function trainFromConfig(source: string | object, options: RunOptions = {}): Promise<RunResultSummary> {
  return options.log === undefined
    ? runConfig(source, options)
    : withLog(options.log, () => runConfig(source, options));
}

async function runConfig(source: string | object, options: RunOptions): Promise<RunResultSummary> {
  checkNodeVersion();
  const resolved = await resolveConfig(source, options);
  const { serializationDir, callbacks = [] } = options;
  if (serializationDir == null) return execute(await prepareResolved(resolved, options), null, options);
  const folder = await RunFolder.check(serializationDir, resolved.config, options);
  const own = [
    new ForgetsReplaced(folder),
    ...(options.recover === true && options.resume !== 'weights' ? [new TellsOfNewStart()] : []),
  ];
  const run = await prepareResolved(resolved, { ...options, callbacks: [...callbacks, ...own] });
  return folder.whileOpen(() => execute(run, folder, options));
}

/** The first checkpoint of a run takes the place of the run that it replaces. */
class ForgetsReplaced extends TrainerCallback {
  private forgotten = false;

  constructor(private readonly folder: RunFolder) {
    super();
  }

  override async onCheckpoint({ isMaster }: TrainerView): Promise<void> {
    if (this.forgotten || !isMaster) return;
    await this.folder.forgetReplaced();
    this.forgotten = true;
  }
}

/** A run that is to go on, and cannot, says so. */
class TellsOfNewStart extends TrainerCallback {
  override onRunStart({ isMaster, epoch, batchNumTotal }: TrainerView): void {
    if (isMaster && epoch === 0 && batchNumTotal === 0) {
      log.warn('there is no checkpoint to go on from: the run begins at its start');
    }
  }
}

async function execute(run: PreparedRun, folder: RunFolder | null, options: RunOptions): Promise<RunResultSummary> {
  try {
    const built = await buildRun(run, folder?.path ?? null);
    await prepareEngine(run.container.get(tokenOf(Engine)));
    await folder?.commit(startOf(run, folder.path));
    const metrics = options.dryRun === true ? {} : await train(run, built, options);
    await folder?.forgetReplaced();
    if (options.dryRun === true) return summary(run, built, metrics, folder?.path ?? null);
    if (folder !== null) await writeJson(join(folder.path, 'metrics.json'), metrics);
    return summary(run, built, metrics, folder?.path ?? null);
  } catch (error) {
    run.container.dispose();
    if (!(error instanceof InterruptedError) || folder?.replaces === true) await folder?.failed();
    throw error;
  }
}

async function prepareEngine(engine: Engine): Promise<void> {
  await engine.prepare();
  // which says itself what it has taken, and why
  if (engine instanceof AutoEngine) return;
  log.info(`engine: ${engine.name} (${choicesOf(engine.describe())})`);
}

async function train(
  run: PreparedRun,
  { model, trainer, testDataLoader }: BuiltRun,
  options: RunOptions,
): Promise<TrainingMetrics> {
  const metrics = await trainer.train({ resume: options.resume, signal: options.signal, signals: options.signals });
  if (testDataLoader === null) return metrics;
  if (!run.options.evaluateOnTest) {
    log.info('There is test data; to evaluate on it at the end of training, set evaluateOnTest to true.');
    return metrics;
  }
  const test = await evaluateModel(model, testDataLoader, {
    engine: run.container.get(tokenOf(Engine)),
    batchWeightKey: run.options.batchWeightKey,
  });
  return { ...metrics, ...Object.fromEntries(Object.entries(test).map(([name, value]) => [`test_${name}`, value])) };
}

function summary(
  { container }: PreparedRun,
  { model, datasets, vocabulary }: BuiltRun,
  metrics: TrainingMetrics,
  serializationDir: string | null,
): RunResultSummary {
  return {
    metrics,
    model,
    container,
    serializationDir,
    datasets,
    vocabulary,
    dispose: () => container.dispose(),
  };
}

function startOf(run: PreparedRun, folder: string): RunStart {
  return {
    date: new Date().toISOString(),
    node: process.version,
    tfjs: tf.version_core,
    seed: run.options.randomSeed,
    plugins: versionsOf(run.plugins),
    configDir: relative(folder, run.configDir) || '.',
    engine: run.container.get(tokenOf(Engine)).describe(),
  };
}
