import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';

import { Engine } from '../contracts/engine.js';
import { Optimizer } from '../contracts/optimizer.js';
import { disposeBatch } from '../contracts/batch.js';
import type { Batch } from '../contracts/batch.js';
import type { TrainerCallback } from '../contracts/callbacks.js';
import type { DataLoader } from '../contracts/data-loader.js';
import type { TrainOptions } from '../contracts/trainer.js';
import { ConfigError, DataError } from '../errors.js';
import type { PluginLike } from '../plugins/plugin.js';
import { DEFAULT_SEED, RandomStreams } from '../random/streams.js';
import type { PartialObjects } from '../training/gradient-descent-options.js';
import { GradientDescentTrainer } from '../training/gradient-descent-trainer.js';
import { classWeights } from './class-weights.js';
import { compiledOptimizer } from './compiled-optimizer.js';
import { DatasetLoader, isDataset } from './dataset-loader.js';
import type { DatasetLike } from './dataset-loader.js';
import { FitCallbacks, LossOverExamples } from './fit-callbacks.js';
import type { FitCallback, FitHistory } from './fit-callbacks.js';
import { fromLayersModel } from './layers-model.js';
import { splitAt, TensorLoader } from './tensor-loader.js';

/** Tensors for a model: one, a list in the order of its inputs or outputs, or a dictionary by their names. */
export type FitTensors = tf.Tensor | readonly tf.Tensor[] | Readonly<Record<string, tf.Tensor>>;

/** A whole data set in tensors, or a `tf.data.Dataset` of batches. */
export type FitData =
  | { readonly x: FitTensors; readonly y: FitTensors; readonly sampleWeight?: tf.Tensor }
  | readonly [x: FitTensors, y: FitTensors]
  | DatasetLike;

/** The trainer's options that `fit` takes besides its own. */
export type FitTrainerOptions = Partial<
  Omit<PartialObjects, 'model' | 'dataLoader' | 'validationDataLoader' | 'numEpochs' | 'callbacks'>
>;

export interface FitOptions extends FitTrainerOptions, TrainOptions {
  /** Examples in a batch. Default 32. */
  readonly batchSize?: number;
  /** The number after the last epoch. Default 1. */
  readonly epochs?: number;
  /** The number of the first epoch. Default 0. */
  readonly initialEpoch?: number;
  /** What every epoch is validated on. Default: nothing. */
  readonly validationData?: FitData;
  /** The share of the data, from its end, that is validated on instead of trained on. `validationData` goes before it. */
  readonly validationSplit?: number;
  /** Whether each epoch has an order of its own, a function of seed and epoch. Default true. */
  readonly shuffle?: boolean;
  /** The factor of each class in the loss, by class number. */
  readonly classWeight?: Readonly<Record<number, number>>;
  /** Batches of a dataset that make an epoch. Default: all. */
  readonly batchesPerEpoch?: number;
  /** Batches of a validation dataset that are used. Default: all. */
  readonly validationBatches?: number;
  /** Above 0 logs a line for each epoch. Default 1. */
  readonly verbose?: 0 | 1 | 2;
  /** tfjs's callbacks. */
  readonly callbacks?: FitCallback | readonly FitCallback[];
  /** The trainer's own observers. */
  readonly trainerCallbacks?: readonly TrainerCallback[];
  /** Packages that provide the optimizer, and whatever else is given as a config. */
  readonly plugins?: readonly PluginLike[];
}

/**
 * Trains a compiled `tf.LayersModel` in place as `model.fit` does, with this package's trainer.
 *
 * ```ts
 * import optim from '@x/optim';
 * model.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
 * const { history } = await fit(model, { x, y }, { epochs: 5, validationSplit: 0.1, plugins: [optim] });
 * ```
 *
 * The optimizer is the compiled one, translated to that of a plugin, or `optimizer`; its state begins anew with every
 * call. The options of `GradientDescentTrainer` go beside those of `model.fit`. Losses in the history are means over
 * examples, with the layers' regularization in training, as tfjs has them.
 *
 * @throws ModelError, DataError, ConfigError for what does not fit together; the caller's tensors stay as they are.
 */
export async function fit(model: tfl.LayersModel, data: FitData, options: FitOptions = {}): Promise<FitHistory> {
  const {
    batchSize = 32,
    epochs = 1,
    initialEpoch = 0,
    validationData,
    validationSplit = 0,
    shuffle = true,
    classWeight,
    batchesPerEpoch,
    validationBatches,
    verbose = 1,
    callbacks = [],
    trainerCallbacks = [],
    plugins = [],
    signal,
    signals,
    batchCallbacks = [],
    ...trainerOptions
  } = options;
  checkNumbers({ batchSize, epochs, initialEpoch, validationSplit });
  const optimizer = trainerOptions.optimizer ?? compiledOptimizer(model, plugins);
  const adapter = fromLayersModel(model);
  const stream = new RandomStreams(trainerOptions.seed ?? DEFAULT_SEED).stream('shuffle');
  const losses = new LossOverExamples();
  const tfjsCallbacks = new FitCallbacks({
    model,
    callbacks: Array.isArray(callbacks) ? (callbacks as readonly FitCallback[]) : [callbacks as FitCallback],
    metricNames: adapter.metrics.flatMap((metric) => Object.keys(metric.compute({}))),
    losses,
    firstEpoch: initialEpoch,
    epochs,
    verbose: verbose > 0,
  });

  const owned: Batch[] = [];
  let trainer: GradientDescentTrainer | undefined;
  try {
    const loaders = await loadersOf(
      data,
      { classWeight, validationData, validationSplit, batchesPerEpoch, validationBatches },
      owned,
      {
        batchSize,
        shuffle: shuffle ? stream : null,
        firstEpoch: initialEpoch,
      },
    );
    trainer = GradientDescentTrainer.fromPartialObjects({
      ...trainerOptions,
      ...loaders,
      model: adapter,
      optimizer,
      plugins,
      numEpochs: Math.max(0, epochs - initialEpoch),
      callbacks: [tfjsCallbacks, ...trainerCallbacks],
      batchCallbacks: [losses, ...batchCallbacks],
    });
    await trainer.train({ ...(signal === undefined ? {} : { signal }), ...(signals === undefined ? {} : { signals }) });
    return tfjsCallbacks.history;
  } finally {
    owned.forEach(disposeBatch);
    if (!(optimizer instanceof Optimizer)) trainer?.optimizer.dispose();
    if (!(trainerOptions.engine instanceof Engine)) await trainer?.engine.dispose();
  }
}

type DataOptions = {
  readonly [K in 'classWeight' | 'validationData' | 'validationSplit' | 'batchesPerEpoch' | 'validationBatches']:
    FitOptions[K] | undefined;
};

/** The loaders of training and validation. What tensors they need that are not the caller's is put into `owned`. */
async function loadersOf(
  data: FitData,
  { classWeight, validationData, validationSplit = 0, batchesPerEpoch, validationBatches }: DataOptions,
  owned: Batch[],
  options: ConstructorParameters<typeof TensorLoader>[1],
): Promise<{ dataLoader: DataLoader; validationDataLoader: DataLoader | null }> {
  const inOrder = { ...options, shuffle: null };
  let validation = validationData === undefined ? null : loaderOf(validationData, validationBatches, inOrder);
  let training = loaderOf(data, batchesPerEpoch, options);
  if (training instanceof DatasetLoader) {
    if (validationSplit > 0 || classWeight !== undefined) {
      throw ConfigError.of(
        'X_CONFIG_INVALID',
        validationSplit > 0 ? 'validationSplit' : 'classWeight',
        'is for data in tensors; with a dataset, pass validationData and put weights into the loss',
        'the options of fit',
      );
    }
    return { dataLoader: training, validationDataLoader: validation };
  }

  let batch = asBatch(data);
  if (validationSplit > 0 && validation === null) {
    const { size } = training;
    const [head, tail] = splitAt(batch, size, Math.floor(size * (1 - validationSplit)));
    owned.push(head, tail);
    batch = head;
    training = new TensorLoader(head, options);
    validation = new TensorLoader(tail, inOrder);
  }
  if (classWeight !== undefined) {
    const weights = { sampleWeight: await classWeights(batch['y'], classWeight) };
    owned.push(weights);
    training = new TensorLoader({ ...batch, ...weights }, options);
  }
  return { dataLoader: training, validationDataLoader: validation };
}

function loaderOf(
  data: FitData,
  batches: number | undefined,
  options: ConstructorParameters<typeof TensorLoader>[1],
): TensorLoader | DatasetLoader {
  return isDataset(data) ? new DatasetLoader(data, batches ?? null) : new TensorLoader(asBatch(data), options);
}

function asBatch(data: FitData): Batch {
  const { x, y, sampleWeight } = (
    Array.isArray(data) ? { x: data[0] as FitTensors, y: data[1] as FitTensors } : data
  ) as {
    x?: FitTensors;
    y?: FitTensors;
    sampleWeight?: tf.Tensor;
  };
  if (!isTensors(x) || !isTensors(y)) {
    throw new DataError(
      'X_DATA_INVALID',
      'fit takes its data as { x, y }, as [x, y], or as a tf.data.Dataset of { xs, ys }',
    );
  }
  return { x: x, y: y, ...(sampleWeight === undefined ? {} : { sampleWeight }) };
}

function isTensors(value: unknown): value is FitTensors {
  if (value instanceof tf.Tensor) return true;
  return typeof value === 'object' && value !== null && Object.values(value).every((item) => item instanceof tf.Tensor);
}

function checkNumbers(
  values: Readonly<Record<'batchSize' | 'epochs' | 'initialEpoch' | 'validationSplit', number>>,
): void {
  const { batchSize, epochs, initialEpoch, validationSplit } = values;
  const problems = [
    [Number.isInteger(batchSize) && batchSize > 0, 'batchSize', 'a whole number above 0', batchSize],
    [Number.isInteger(epochs) && epochs >= 0, 'epochs', 'a whole number', epochs],
    [Number.isInteger(initialEpoch) && initialEpoch >= 0, 'initialEpoch', 'a whole number', initialEpoch],
    [validationSplit >= 0 && validationSplit < 1, 'validationSplit', 'a share in [0, 1)', validationSplit],
  ] as const;
  const wrong = problems.filter(([fine]) => !fine);
  if (wrong.length === 0) return;
  throw new ConfigError(
    wrong.map(([, path, expected, received]) => ({
      code: 'X_CONFIG_INVALID' as const,
      path,
      message: `expected ${expected}, received ${String(received)}`,
    })),
    'the options of fit',
  );
}
