import type { Place } from './position.js';
import { comparePlaces, parseFolderName } from './position.js';

export const ROOT = 'checkpoints';
export const MODEL = 'model_state.safetensors';
export const STATE = 'training_state.json';
export const STATE_TENSORS = 'training_state.safetensors';
export const MANIFEST = 'manifest.json';

/** The order in which they are written. */
export const DATA_FILES = [STATE, STATE_TENSORS, MODEL] as const;
export type DataFile = (typeof DATA_FILES)[number];

/** The files of a checkpoint, ready to be written. */
export type CheckpointFiles = Readonly<Record<DataFile, Uint8Array>>;

/** A checkpoint in a store. */
export interface Saved extends Place {
  /** The folder below the store's root: `checkpoints/epoch_3`. */
  readonly folder: string;
}

/** The folders that are named as those of checkpoints are, oldest first, whatever is in them. */
export function foldersIn(paths: Iterable<string>): Saved[] {
  const names = new Set(
    [...paths].flatMap((path) => {
      const [root, folder, ...file] = path.split('/');
      return root === ROOT && folder !== undefined && file.length > 0 ? [folder] : [];
    }),
  );
  return [...names]
    .flatMap((name) => {
      const place = parseFolderName(name);
      return place === undefined ? [] : [{ folder: `${ROOT}/${name}`, ...place }];
    })
    .sort(comparePlaces);
}

/** The paths of all files of a checkpoint, in the order of removal: without its manifest it is none any more. */
export function filesOf(folder: string): string[] {
  return [MANIFEST, ...[...DATA_FILES].reverse()].map((name) => `${folder}/${name}`);
}
