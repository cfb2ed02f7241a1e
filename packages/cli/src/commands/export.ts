import { loadTrained, ModelError, TrainerError } from '@x/trainer-core';

import { print, writing } from '../io.js';
import type { Io } from '../io.js';
import { loadTensorflowForRun } from '../tensorflow.js';

export interface ExportCommandOptions {
  readonly to: string;
  readonly output: string;
  readonly weights?: 'best' | 'latest';
}

/** Writes the model of a run in another format: `tfjs`, which `tf.loadLayersModel` reads. */
export async function exportModel(
  folder: string,
  { to, output, ...loading }: ExportCommandOptions,
  io: Io,
): Promise<void> {
  if (to !== 'tfjs')
    throw new TrainerError(
      'X_USAGE',
      `--to: expected "tfjs", the format that tf.loadLayersModel reads; received "${to}"`,
    );
  await loadTensorflowForRun(folder);
  const trained = await loadTrained(folder, loading);
  try {
    const { LayersModelAdapter, saveLayersModel } = await import('@x/trainer-core/layers');
    if (!(trained.model instanceof LayersModelAdapter)) {
      throw new ModelError(
        'X_MODEL_INVALID',
        'only models made of tfjs layers (type "layers_model") can be written in the format of tf.loadLayersModel; the weights ' +
          `of this one are in ${folder}/best.safetensors, by parameter name`,
      );
    }
    const { model } = trained.model;
    await writing(output, () => saveLayersModel(model, output));
    print(io, `written to ${output}: model.json and weights.bin, for tf.loadLayersModel`);
  } finally {
    trained.dispose();
  }
}
