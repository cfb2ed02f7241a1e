import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { CheckpointError } from '../errors.js';

/** A pointer at the root of a run's folder: to a checkpoint, or to weights where somebody keeps nothing else. */
const Pointer = z.union([
  z
    .strictObject({ checkpoint: z.string().transform((folder) => `${folder}/model_state.safetensors`) })
    .transform(({ checkpoint }) => checkpoint),
  z.strictObject({ weights: z.string() }).transform(({ weights }) => weights),
]);

/** The name of the pointer to the best weights. */
export const BEST_POINTER = 'best.json';

/** What runs of format version 1 have in place of a pointer. */
const WEIGHTS_OF_VERSION_1 = 'best.safetensors';

/**
 * The file of the best weights in the folder of a run, which `best.json` points to: relative to the folder, with `/`. Null
 * if nothing is pointed to.
 *
 * @throws CheckpointError (`X_CHECKPOINT_CORRUPT`) for a pointer that is none, or that leaves the folder.
 */
export function bestWeightsIn(folder: string): string | null {
  const file = join(folder, BEST_POINTER);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return existsSync(join(folder, WEIGHTS_OF_VERSION_1)) ? WEIGHTS_OF_VERSION_1 : null;
    throw new CheckpointError('X_CHECKPOINT', `${file} could not be read: ${message}`, { cause: error });
  }
  const path = parsed(text);
  if (path !== null && !path.startsWith('/') && !path.split(/[\\/]/).includes('..')) return path;
  throw new CheckpointError(
    'X_CHECKPOINT_CORRUPT',
    `${file} is damaged: expected { "checkpoint": "<folder in this one>" }, received ${text.slice(0, 80)}; write the folder ` +
      'of the checkpoint that is meant into it',
  );
}

function parsed(text: string): string | null {
  try {
    return Pointer.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
