import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';

import { nullForNone } from '../config/none.js';
import { isPlain } from '../config/plain-data.js';
import type { RawConfig } from '../config/read-config.js';
import { Checkpointer } from '../contracts/checkpointer.js';
import type { TensorMap } from '../contracts/batch.js';
import type { DataLoader } from '../contracts/data-loader.js';
import { Predictor, Vocabulary } from '../contracts/dataset.js';
import type { DatasetReader } from '../contracts/dataset.js';
import type { ModelLike } from '../contracts/model.js';
import { CheckpointError, ConfigError, DataError, SerializationDirError } from '../errors.js';
import { ComponentSpec } from '../plugins/component.js';
import type { Part } from '../plugins/component.js';
import { Collation, SerializationDir } from '../plugins/run-tokens.js';
import type { Collate } from '../plugins/run-tokens.js';
import { tokenOf } from '../plugins/tokens.js';
import { disposeState } from '../state/state-dict.js';
import { loadModelState } from '../training/model-state.js';
import { buildLoader, buildModel, buildReaders } from './build-run.js';
import { collate } from './collate.js';
import { defaultPart } from './default-part.js';
import { overridden, prepareResolved } from './prepare-run.js';
import type { PreparedRun, PrepareOptions } from './prepare-run.js';
import { readDataset } from './read-dataset.js';
import { readRunConfig, savedConfigDir } from './serialization-dir.js';

/** How a trained model is loaded. */
export interface LoadTrainedOptions extends Omit<PrepareOptions, 'callbacks'> {
  /** The best weights (default), or those of the newest checkpoint. */
  readonly weights?: 'best' | 'latest' | undefined;
  /** What messages call the run. Default: its folder as it was given. */
  readonly name?: string | undefined;
}

/** A trained model, ready to be used. */
export interface TrainedRun {
  readonly model: ModelLike;
  readonly run: PreparedRun;
  /**
   * The batches of other data: `path` (relative to the config's folder) is read and batched as in validation. Without a
   * path, the test data of the config.
   *
   * @param batchSize examples in a batch. Default: as in the config.
   * @throws DataError if the config has no reader for it, or no test data; ConfigError if its data loader has no batchSize
   * that could be changed.
   */
  dataLoader(path?: string, options?: { readonly batchSize?: number | undefined }): Promise<DataLoader>;
  /**
   * The predictor of the config, or the default one.
   *
   * @throws ConfigError if no listed plugin provides it.
   */
  predictor(): Promise<Predictor>;
  /** Frees everything that was built, the model too. */
  dispose(): void;
}

/**
 * Loads the trained model of a run's folder: its config, its vocabulary, and weights through its own checkpointer.
 *
 * @throws SerializationDirError if it is not the folder of a run, CheckpointError if it has no such weights, StateError if
 * they do not fit the model (after overrides), and what building throws.
 */
export async function loadTrained(runFolder: string, options: LoadTrainedOptions = {}): Promise<TrainedRun> {
  const { weights = 'best', name = runFolder } = options;
  const folder = resolve(runFolder);
  if (statSync(folder, { throwIfNoEntry: false })?.isFile() === true) {
    throw new SerializationDirError(
      'X_DIR_MISSING',
      `${runFolder} is a file, not the folder of a run; an archive (model.tar.gz) is loaded by loadArchive() of @x/cli`,
    );
  }
  // its environment references were resolved when the run started
  const config = nullForNone(overridden(withSavedVocabulary(await readRunConfig(folder), folder), options));
  const configDir = options.configDir ?? (await savedConfigDir(folder));
  const run = await prepareResolved({ config, configDir, source: join(name, 'config.json') }, options);
  run.container.provide(SerializationDir, folder);
  try {
    const { vocabulary } = run.options;
    if (vocabulary != null) {
      run.container.provide(tokenOf(Vocabulary), await run.container.buildAsync<Vocabulary>(vocabulary));
    }
    const { forEvaluation } = await buildReaders(run);
    const collation: Collate = (instances, dtypes) => collate(run, loaderForEvaluation(run), instances, dtypes);
    run.container.provide(Collation, forEvaluation === null ? null : collation);
    const state = await readWeights(run, name, weights);
    try {
      const model = await buildModel(run);
      loadModelState(model, state);
      const { predictor = null } = run.options;
      return {
        model,
        run,
        dataLoader: (path, { batchSize } = {}) => evaluationLoader(run, forEvaluation, path, batchSize),
        predictor: async () => run.container.buildAsync(predictor ?? (await defaultPart(run, Predictor))),
        dispose: () => run.container.dispose(),
      };
    } finally {
      tf.dispose(state);
    }
  } catch (error) {
    run.container.dispose();
    throw error;
  }
}

async function readWeights(run: PreparedRun, name: string, weights: 'best' | 'latest'): Promise<TensorMap> {
  const checkpointer = run.container.build<Checkpointer>(await checkpointerOf(run));
  if (weights === 'best') {
    const state = await checkpointer.bestModelState();
    if (state !== null) return state;
  } else {
    const restored = await checkpointer.restoreCheckpoint();
    if (restored !== null) {
      disposeState(restored.trainingState);
      return restored.modelState;
    }
  }
  throw new CheckpointError(
    'X_CHECKPOINT',
    `${name} holds no ${weights} weights; was it trained to the end of an epoch?`,
  );
}

/** The run's own checkpointer, or the default one. */
async function checkpointerOf(run: PreparedRun): Promise<Part<Checkpointer>> {
  const { trainer } = run.options;
  const options: unknown = trainer instanceof ComponentSpec ? trainer.options : {};
  const configured = isPlain(options) ? options['checkpointer'] : undefined;
  return configured == null ? defaultPart(run, Checkpointer) : (configured as Part<Checkpointer>);
}

async function evaluationLoader(
  run: PreparedRun,
  reader: DatasetReader | null,
  path: string | undefined,
  batchSize: number | undefined,
): Promise<DataLoader> {
  const { testDataPath, testDataLoader } = run.options;
  const chosen = path ?? testDataPath ?? undefined;
  if (chosen === undefined) {
    if (testDataLoader != null) return buildLoader(run, withBatchSize(testDataLoader, batchSize, run));
    throw new DataError(
      'X_DATA_INVALID',
      'there is no data to evaluate on: give a path, or add testDataPath or testDataLoader to the config',
    );
  }
  if (reader === null) {
    throw new DataError('X_DATA_INVALID', `${chosen} cannot be read: the config of the run has no "datasetReader"`);
  }
  const instances = await readDataset(reader, chosen, run.configDir);
  return buildLoader(run, withBatchSize(loaderForEvaluation(run), batchSize, run), instances);
}

function loaderForEvaluation({ options }: PreparedRun): Part<DataLoader> {
  return options.testDataLoader ?? options.validationDataLoader ?? options.dataLoader;
}

function withBatchSize(part: Part<DataLoader>, batchSize: number | undefined, run: PreparedRun): Part<DataLoader> {
  if (batchSize === undefined) return part;
  const options: unknown = part instanceof ComponentSpec ? part.options : undefined;
  if (part instanceof ComponentSpec && isPlain(options) && 'batchSize' in options && options['batchSampler'] == null) {
    return new ComponentSpec<DataLoader>(part.registration, { ...options, batchSize }, part.provided);
  }
  throw ConfigError.of(
    'X_CONFIG_INVALID',
    'dataLoader',
    'the batch size cannot be changed: the data loader has no "batchSize", or a batch sampler decides it',
    run.source,
  );
}

/** A vocabulary is not made again from data, but read from what the run saved. */
function withSavedVocabulary(config: RawConfig, folder: string): RawConfig {
  const directory = join(folder, 'vocabulary');
  const { vocabulary } = config;
  if (vocabulary === null || !existsSync(directory)) return config;
  const special = Object.entries(isPlain(vocabulary) ? vocabulary : {}).filter(([key]) => SPECIAL_TOKENS.has(key));
  return { ...config, vocabulary: { type: 'from_files', directory, ...Object.fromEntries(special) } };
}

/** What the files of a vocabulary do not tell. */
const SPECIAL_TOKENS: ReadonlySet<string> = new Set(['paddingToken', 'padding_token', 'oovToken', 'oov_token']);
