import { join } from 'node:path';

import { isPlain } from '../config/plain-data.js';
import { show } from '../config/show.js';
import { DataLoader } from '../contracts/data-loader.js';
import { DatasetReader, Vocabulary } from '../contracts/dataset.js';
import type { Instance } from '../contracts/dataset.js';
import type { Model, ModelLike } from '../contracts/model.js';
import { Trainer } from '../contracts/trainer.js';
import { DataError, ModelError } from '../errors.js';
import { log } from '../log.js';
import { ComponentSpec } from '../plugins/component.js';
import type { Part } from '../plugins/component.js';
import { Dataset, SerializationDir, TheModel, ValidationDataLoader } from '../plugins/run-tokens.js';
import { tokenOf } from '../plugins/tokens.js';
import { defaultPart } from './default-part.js';
import type { PreparedRun } from './prepare-run.js';
import { readDataset } from './read-dataset.js';

/** The parts of a run that are built before training. Its container owns them. */
export interface BuiltRun {
  readonly model: ModelLike;
  readonly trainer: Trainer;
  readonly testDataLoader: DataLoader | null;
  readonly vocabulary: Vocabulary | null;
  /** What was read; without a reader, data loaders have data of their own. */
  readonly datasets: Datasets;
}

/** Which data set of a run. */
export type Split = 'train' | 'validation' | 'test';

/** The examples of a run. */
export type Datasets = Readonly<Partial<Record<Split, readonly Instance[]>>>;

/**
 * Reads the data and builds the parts in the original's order: data sets, vocabulary, model, data loaders, trainer. Each
 * is available to the later ones by `@inject`. The vocabulary is saved as `vocabulary/` before data loaders and trainer
 * are built.
 *
 * @throws what reading or building throws; what was built until then is the container's to free.
 */
export async function buildRun(run: PreparedRun, serializationDir: string | null): Promise<BuiltRun> {
  const { container, options } = run;
  container.provide(SerializationDir, serializationDir);
  const datasets = await readDatasets(run);
  const vocabulary = await buildVocabulary(run, datasets);
  const model = await buildModel(run);
  if (serializationDir !== null) await vocabulary?.save(join(serializationDir, 'vocabulary'));
  const { dataLoader, validationDataLoader, testDataLoader } = options;
  const loader = (part: Part<DataLoader>, split: Split): Promise<DataLoader> =>
    naming(split, buildLoader(run, part, datasets[split]));
  const forValidation = validationDataLoader ?? (datasets.validation === undefined ? null : dataLoader);
  const forTest = testDataLoader ?? (datasets.test === undefined ? null : (validationDataLoader ?? dataLoader));
  if (forValidation === dataLoader) warnOfCutValidation(dataLoader);
  container.provide(tokenOf(DataLoader), await loader(dataLoader, 'train'));
  container.provide(ValidationDataLoader, forValidation === null ? null : await loader(forValidation, 'validation'));
  const test = forTest === null ? null : await loader(forTest, 'test');
  const trainer = await container.buildAsync<Trainer>(options.trainer);
  container.provide(tokenOf(Trainer), trainer);
  return { model, trainer, testDataLoader: test, vocabulary, datasets };
}

/** What is wrong with an instance is said of one of several data sets. */
async function naming<T>(split: Split, built: Promise<T>): Promise<T> {
  try {
    return await built;
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(error.code, `the ${split} data: ${error.message}`, { cause: error });
  }
}

/** Builds the model alone: what evaluation and prediction need. */
export async function buildModel(run: PreparedRun): Promise<ModelLike> {
  const model: ModelLike = await run.container.buildAsync<Model>(run.options.model);
  if (typeof model?.forward !== 'function' || typeof model.namedVariables !== 'function') {
    throw new ModelError(
      'X_MODEL_INVALID',
      `expected a model with forward() and namedVariables(), but ${show(model)} was built`,
    );
  }
  run.container.provide(TheModel, model);
  return model;
}

/** Builds a data loader on examples; without any, one that has its own. */
export function buildLoader(
  run: PreparedRun,
  part: Part<DataLoader>,
  instances?: readonly Instance[],
): Promise<DataLoader> {
  return run.container.buildAsync(part, instances === undefined ? [] : [[Dataset, instances]]);
}

/** The readers of the config; the main one is also what parts find by `@inject(DatasetReader)`. */
export async function buildReaders({ options, container }: PreparedRun): Promise<Readers> {
  const build = async (part: Part<DatasetReader> | null | undefined): Promise<DatasetReader | null> =>
    part == null ? null : container.buildAsync(part);
  const forTraining = await build(options.datasetReader);
  const forEvaluation = (await build(options.validationDatasetReader)) ?? forTraining;
  if (forTraining !== null) container.provide(tokenOf(DatasetReader), forTraining);
  return { forTraining, forEvaluation };
}

/** What reads the examples; null where the data loaders have data of their own. */
export interface Readers {
  readonly forTraining: DatasetReader | null;
  /** For validation and test data. */
  readonly forEvaluation: DatasetReader | null;
}

async function readDatasets(run: PreparedRun): Promise<Datasets> {
  const { trainDataPath, validationDataPath, testDataPath } = run.options;
  const { forTraining, forEvaluation } = await buildReaders(run);
  const datasets: Partial<Record<Split, readonly Instance[]>> = {};
  const read = async (split: Split, reader: DatasetReader | null, path: string | null | undefined): Promise<void> => {
    if (reader !== null && path != null) datasets[split] = await readDataset(reader, path, run.configDir);
  };
  await read('train', forTraining, trainDataPath);
  await read('validation', forEvaluation, validationDataPath);
  await read('test', forEvaluation, testDataPath);
  return datasets;
}

async function buildVocabulary(run: PreparedRun, datasets: Datasets): Promise<Vocabulary | null> {
  const { options, container } = run;
  const part = options.vocabulary ?? (await vocabularyForReader(run));
  if (part === null) return null;
  const chosen = options.datasetsForVocabCreation ?? (['train', 'validation', 'test'] as const);
  const instances = chosen.flatMap((split) => datasets[split] ?? []);
  const vocabulary = await container.buildAsync<Vocabulary>(part, [[Dataset, instances]]);
  container.provide(tokenOf(Vocabulary), vocabulary);
  return vocabulary;
}

/** A reader that names tokens gets a vocabulary of them without asking; `vocabulary: null` asks for none. */
async function vocabularyForReader(run: PreparedRun): Promise<Part<Vocabulary> | null> {
  const { namespaces = {} } = run.container.find(DatasetReader) ?? {};
  return run.options.vocabulary === null || Object.keys(namespaces).length === 0 ? null : defaultPart(run, Vocabulary);
}

function warnOfCutValidation(part: Part<DataLoader>): void {
  const options: unknown = part instanceof ComponentSpec ? part.options : {};
  const count = isPlain(options) ? options['batchesPerEpoch'] : undefined;
  if (typeof count !== 'number') return;
  log.warn(
    `validation is cut to ${count} batches too, because there is no validationDataLoader and ` +
      'dataLoader has batchesPerEpoch; give a validationDataLoader without it to validate on everything',
  );
}
