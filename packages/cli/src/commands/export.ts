import { ModelError, TrainerError } from '@x/trainer-core';
import type { Plugin } from '@x/trainer-core';

import { loadArchive } from '../archive/load-archive.js';
import { print, writing } from '../io.js';
import type { Io } from '../io.js';

export interface ExportCommandOptions {
  readonly to: string;
  readonly output: string;
  readonly weights?: 'best' | 'latest';
}

/** Writes the model of a run in another format: `tfjs`, which `tf.loadLayersModel` reads. */
export async function exportModel(
  run: string,
  { to, output, ...loading }: ExportCommandOptions,
  plugins: readonly Plugin[],
  io: Io,
): Promise<void> {
  if (to !== 'tfjs')
    throw new TrainerError(
      'X_USAGE',
      `--to: expected "tfjs", the format that tf.loadLayersModel reads; received "${to}"`,
    );
  const trained = await loadArchive(run, { ...loading, plugins });
  try {
    const { LayersModelAdapter, saveLayersModel } = await import('@x/trainer-core/layers');
    if (!(trained.model instanceof LayersModelAdapter)) {
      throw new ModelError(
        'X_MODEL_INVALID',
        'only models made of tfjs layers (type "layers_model") can be written in the format of tf.loadLayersModel; the weights ' +
          `of this one are in ${run} in safetensors format, by parameter name`,
      );
    }
    const { model } = trained.model;
    await writing(output, () => saveLayersModel(model, output));
    print(io, `written to ${output}: model.json and weights.bin, for tf.loadLayersModel`);
  } finally {
    trained.dispose();
  }
}
