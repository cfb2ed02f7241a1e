import { existsSync, rmSync } from 'node:fs';
import { copyFile, cp, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BEST_POINTER, CheckpointError, savedConfigDir, SerializationDirError } from '@x/trainer-core';

import { messageOf } from '../message-of.js';
import { extractArchive } from './extract-archive.js';
import { MEMBERS, WEIGHTS } from './layout.js';

/** A trained run that can be read. */
export interface OpenedRun {
  /** A folder with the config, the best weights and the vocabulary. */
  readonly folder: string;
  /** The folder that relative paths and plugins of the config start from. */
  readonly configDir: string;
  /** Removes what was made to open it. */
  close(): void;
}

/**
 * Opens the folder of a run, or an archive of it, which is unpacked into a temporary folder.
 *
 * @param weightsFile other weights in place of the best ones, in the same format.
 * @throws SerializationDirError if there is no run, CheckpointError for a damaged archive and for weights that are missing.
 */
export async function openRun(path: string, weightsFile?: string): Promise<OpenedRun> {
  const isFolder = await isFolderOrFile(path);
  const isOurs = isFolder && weightsFile === undefined && !existsSync(join(path, WEIGHTS));
  if (isOurs) return { folder: path, configDir: await savedConfigDir(path), close: () => undefined };
  const folder = await mkdtemp(join(tmpdir(), 'x-train-'));
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    if (isFolder) await copyParts(path, folder);
    else await extractArchive(path, folder);
    await placeWeights(path, folder, weightsFile);
    await useOwnWeights(path, folder);
    return { folder, configDir: await savedConfigDir(folder, isFolder ? path : dirname(path)), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function isFolderOrFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw new SerializationDirError(
      'X_DIR_MISSING',
      `${path} is not the folder of a run, nor an archive: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

async function copyParts(from: string, to: string): Promise<void> {
  for (const name of [...MEMBERS, WEIGHTS]) {
    if (existsSync(join(from, name))) await cp(join(from, name), join(to, name), { recursive: true });
  }
}

/** The weights of the archive, or other ones, become the best ones of the run. */
async function placeWeights(path: string, folder: string, weightsFile: string | undefined): Promise<void> {
  const weights = join(folder, WEIGHTS);
  await writeFile(join(folder, BEST_POINTER), JSON.stringify({ weights: WEIGHTS }));
  if (weightsFile === undefined) {
    if (existsSync(weights)) return;
    throw new CheckpointError('X_CHECKPOINT', `${path} holds no weights: there is no ${WEIGHTS} in it`);
  }
  try {
    await copyFile(weightsFile, weights);
  } catch (error) {
    throw new CheckpointError('X_CHECKPOINT', `the weights ${weightsFile} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** A run may have kept its checkpoints elsewhere; the weights to load are here. */
async function useOwnWeights(path: string, folder: string): Promise<void> {
  const file = join(folder, 'config.json');
  let config: { readonly trainer?: { readonly checkpointer?: { store?: unknown } } };
  try {
    config = JSON.parse(await readFile(file, 'utf8')) as typeof config;
  } catch (error) {
    throw new SerializationDirError('X_DIR_MISSING', `${path} holds no readable config.json: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (config?.trainer?.checkpointer?.store === undefined) return;
  delete config.trainer.checkpointer.store;
  await writeFile(file, JSON.stringify(config));
}
