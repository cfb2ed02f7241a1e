import { dirname, join } from 'node:path';
import { CheckpointError, loadTrained } from '@x/trainer-core';
import type { LoadTrainedOptions, Plugin, TrainedRun } from '@x/trainer-core';

import { loadAll, pluginsOfConfig } from '../listed-plugins.js';
import { loadTensorflow } from '../tensorflow.js';
import { openRun } from './open-run.js';

/** How a model is loaded. */
export interface LoadArchiveOptions extends LoadTrainedOptions {
  /** Weights in place of the best ones, a safetensors file. */
  readonly weightsFile?: string | undefined;
  /** Plugins that are added unless the config lists one of that name, such as another copy of it. Default: none. */
  readonly fallbackPlugins?: readonly Plugin[] | undefined;
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
  { weightsFile, fallbackPlugins = [], ...options }: LoadArchiveOptions = {},
): Promise<TrainedRun> {
  const run = await openRun(path, weightsFile);
  const configDir = options.configDir ?? run.configDir;
  try {
    if (options.weights === 'latest' && run.folder !== path) {
      throw new CheckpointError(
        'X_CHECKPOINT',
        `${path} is read with one set of weights; the latest ones are in the folder of the run`,
      );
    }
    for (const folder of [configDir, dirname(path), process.cwd()]) await loadTensorflow(folder);
    const listed = await namesOfListed(join(run.folder, 'config.json'), configDir);
    const added = fallbackPlugins.filter(({ name }) => !listed.includes(name));
    const plugins = [...(options.plugins ?? []), ...added];
    const trained = await loadTrained(run.folder, { name: path, ...options, plugins, configDir });
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

/** Of the plugins that do not load, `loadTrained` says why. */
async function namesOfListed(config: string, fromDir: string): Promise<readonly string[]> {
  const list = await pluginsOfConfig(config);
  const { plugins } = await loadAll(list.map(({ entry }) => ({ entry, fromDir })));
  return plugins.map(({ name }) => name);
}
