import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from '@x/trainer-core';
import {
  BEST_POINTER,
  bestWeightsIn,
  CheckpointError,
  ConfigDir,
  ConfigError,
  inject,
  Initializer,
} from '@x/trainer-core';
import { z } from 'zod';

import { decodeSafetensors } from './safetensors.js';

export const PretrainedOptions = z.strictObject({
  weightsFilePath: z
    .string()
    .describe("A safetensors file, or the folder of a run for its best weights; from the config file's folder"),
  parameterNameOverrides: z
    .record(z.string(), z.string())
    .nullable()
    .default(null)
    .describe("Names in the file by the model's names, where they differ"),
});

/** A weight on the host. */
interface SavedWeight {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/**
 * Takes the value of each parameter from a file of weights, under the parameter's name. The file is read once, when the
 * first parameter is initialized.
 *
 * Source: `PretrainedModelInitializer` of AllenNLP 1.0
 */
@Initializer.register('pretrained', PretrainedOptions)
export class PretrainedInitializer extends Initializer {
  private readonly file: string;
  private saved: ReadonlyMap<string, SavedWeight> | null = null;

  /** @param folder what a relative path starts from; the working directory without one. */
  constructor(
    private readonly options: z.output<typeof PretrainedOptions>,
    @inject(ConfigDir, { optional: true }) folder?: string,
  ) {
    super();
    this.file = resolve(folder ?? '.', options.weightsFilePath);
  }

  /**
   * @throws ConfigError (`X_CONFIG_INVALID`) if the file has no weight of that name, or one of another shape; CheckpointError
   * (`X_CHECKPOINT`, `X_CHECKPOINT_CORRUPT`) if the file cannot be read.
   */
  override create(shape: readonly number[], _: RandomStream, name: string): tf.Tensor {
    this.saved ??= readWeightsOnHost(this.file);
    const savedName = this.options.parameterNameOverrides?.[name] ?? name;
    const weight = this.saved.get(savedName);
    if (weight === undefined) {
      throw this.problem(
        'parameterNameOverrides',
        `${this.file} has no weight "${savedName}" for the parameter "${name}"; it has ${[...this.saved.keys()].join(', ')}`,
      );
    }
    if (weight.shape.join() !== shape.join()) {
      throw this.problem(
        'weightsFilePath',
        `Incompatible sizes found for parameter ${savedName}. Found [${shape}] in the model and [${weight.shape}] in ${this.file}`,
      );
    }
    return tf.tensor(weight.values, [...shape], 'float32');
  }

  private problem(option: string, message: string): ConfigError {
    return ConfigError.of('X_CONFIG_INVALID', option, message, 'the initializer pretrained');
  }
}

/** Initializers are synchronous, and the file is needed at once: nothing else can go on meanwhile. */
function readWeightsOnHost(path: string): ReadonlyMap<string, SavedWeight> {
  const file = weightsAt(path);
  const tensors = decodeSafetensors(readBytes(file), file);
  try {
    return new Map(
      Object.entries(tensors).map(([name, tensor]) => [name, { shape: tensor.shape, values: tensor.dataSync() }]),
    );
  } finally {
    tf.dispose(tensors);
  }
}

/** The file itself, or that of the best weights of a run. */
function weightsAt(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return path;
  const best = bestWeightsIn(path);
  if (best !== null) return join(path, best);
  throw new CheckpointError(
    'X_CHECKPOINT',
    `the folder ${path} has no best weights: there is no ${BEST_POINTER} in it`,
  );
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CheckpointError('X_CHECKPOINT', `the weights in ${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
