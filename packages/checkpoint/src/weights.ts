import { basename, dirname, resolve } from 'node:path';

import type { TensorMap } from '@x/trainer-core';

import { LocalStore } from './local-store.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';

/**
 * The tensors of a safetensors file on disk. The caller owns them.
 *
 * @throws CheckpointError: `X_CHECKPOINT` if it cannot be read, `X_CHECKPOINT_CORRUPT` if it is not a valid file.
 */
export async function readWeights(path: string): Promise<TensorMap> {
  const file = resolve(path);
  return decodeSafetensors(await new LocalStore({ folder: dirname(file) }).get(basename(file)), file);
}

/**
 * Writes tensors to a safetensors file on disk, completely or not at all. The tensors stay the caller's.
 *
 * @throws CheckpointError (`X_CHECKPOINT`) if it cannot be written.
 */
export async function writeWeights(path: string, tensors: Readonly<TensorMap>): Promise<void> {
  const file = resolve(path);
  await new LocalStore({ folder: dirname(file) }).commit(basename(file), await encodeSafetensors(tensors));
}
