import { dirname } from 'node:path';
import { loadTrained } from '@x/trainer-core';
import type { LoadTrainedOptions, TrainedRun } from '@x/trainer-core';

import { loadTensorflow } from '../tensorflow.js';
import { openRun } from './open-run.js';

/** How a model is loaded. */
export interface LoadArchiveOptions extends LoadTrainedOptions {
  /** Weights in place of the best ones, a safetensors file. */
  readonly weightsFile?: string | undefined;
}

/**
 * Loads a trained model from its archive, or from the folder of its run: `loadTrained` for both. Where the archive lies
 * beside the config as the run recorded it, plugins and data are found from there; else from `configDir`, or from the
 * working directory. TensorFlow.js is loaded from there too, unless a backend is registered already.
 *
 * @throws SerializationDirError, CheckpointError, and what `loadTrained` throws.
 */
export async function loadArchive(
  path: string,
  { weightsFile, ...options }: LoadArchiveOptions = {},
): Promise<TrainedRun> {
  const run = await openRun(path, weightsFile);
  const configDir = options.configDir ?? run.configDir;
  try {
    for (const folder of [configDir, dirname(path), process.cwd()]) await loadTensorflow(folder);
    const trained = await loadTrained(run.folder, { ...options, configDir });
    return {
      ...trained,
      dispose: () => {
        trained.dispose();
        run.close();
      },
    };
  } catch (error) {
    run.close();
    throw error;
  }
}
