import * as tf from '@tensorflow/tfjs-core';
import type {
  CheckpointPosition,
  CheckpointState,
  CheckpointStore,
  RestoredCheckpoint,
  TensorMap,
} from '@x/trainer-core';
import { CheckpointError } from '@x/trainer-core';

import type { Manifest } from './manifest.js';
import { decodeManifest, digest, encodeManifest } from './manifest.js';
import type { Place } from './position.js';
import { comparePlaces, folderName, parseFolderName, samePosition } from './position.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';
import { decodeState, encodeState } from './state-json.js';

/** The best weights, at the top of the store. */
export const BEST = 'best.safetensors';

const ROOT = 'checkpoints';
const MODEL = 'model_state.safetensors';
const STATE = 'training_state.json';
const STATE_TENSORS = 'training_state.safetensors';
const MANIFEST = 'manifest.json';

/** The order in which they are written: whatever an interrupted save leaves, the first of them shows that it was there. */
const DATA_FILES = [STATE, STATE_TENSORS, MODEL] as const;

/** The files of a checkpoint, ready to be written. */
export type CheckpointFiles = Readonly<Record<(typeof DATA_FILES)[number], Uint8Array>>;

/** A finished checkpoint in the archive. */
export interface Saved extends Place {
  /** The folder below the store's root: `checkpoints/epoch_3`. */
  readonly folder: string;
}

/**
 * The layout of checkpoints in a store, on top of nothing but atomic writes of single files:
 * ```text
 * best.safetensors
 * checkpoints/epoch_3/training_state.json
 *                     training_state.safetensors
 *                     model_state.safetensors
 *                     manifest.json                sizes and checksums of the others; written last, removed first
 * ```
 * A folder is a checkpoint if and only if it has its manifest. Only files of exactly these names are ever removed.
 */
export class CheckpointArchive {
  private readonly manifests = new Map<string, Manifest>();
  private readonly damaged = new Set<string>();

  constructor(private readonly store: CheckpointStore) {}

  /** The finished checkpoints, oldest first. */
  async list(): Promise<Saved[]> {
    const paths = new Set(await this.store.list());
    return foldersIn(paths).filter(({ folder }) => paths.has(`${folder}/${MANIFEST}`));
  }

  /** Those that are not known to be damaged, with their manifests. */
  async history(): Promise<(Saved & Manifest)[]> {
    const whole: (Saved & Manifest)[] = [];
    for (const saved of await this.list()) {
      if (this.damaged.has(saved.folder)) continue;
      try {
        whole.push({ ...saved, ...(await this.manifestOf(saved)) });
      } catch (error) {
        if (!isCorrupt(error)) throw error;
        this.damaged.add(saved.folder);
      }
    }
    return whole;
  }

  /**
   * Adds a checkpoint. Where its position is saved already, it gets a folder of its own and then takes that one's place,
   * so that there is a complete one at every moment.
   */
  async add(
    position: CheckpointPosition,
    files: CheckpointFiles,
    times: Pick<Manifest, 'savedAt' | 'startedAt'>,
  ): Promise<void> {
    const earlier = foldersIn(await this.store.list()).filter((other) => samePosition(other, position));
    const { epoch, batchesThisEpoch, batchNumTotal } = position;
    const folder = `${ROOT}/${folderName({ epoch, batchesThisEpoch, attempt: (earlier.at(-1)?.attempt ?? 0) + 1 })}`;
    const manifest: Manifest = {
      position: { epoch, batchesThisEpoch, batchNumTotal },
      ...times,
      files: Object.fromEntries(DATA_FILES.map((name) => [name, digest(files[name])])),
    };
    for (const name of DATA_FILES) await this.store.put(`${folder}/${name}`, files[name]);
    await this.store.commit(`${folder}/${MANIFEST}`, encodeManifest(manifest));
    this.manifests.set(folder, manifest);
  }

  /**
   * The contents of a checkpoint. The tensors are the caller's.
   *
   * @throws CheckpointError (`X_CHECKPOINT_CORRUPT`) naming the file if a size or a checksum is wrong.
   */
  async read(saved: Saved): Promise<RestoredCheckpoint> {
    try {
      return await this.readWhole(saved);
    } catch (error) {
      if (isCorrupt(error)) this.damaged.add(saved.folder);
      throw error;
    }
  }

  /** Removes a checkpoint: the manifest first, so that a part of one is never taken for the whole. */
  async remove({ folder }: Saved): Promise<void> {
    for (const name of [MANIFEST, ...[...DATA_FILES].reverse()]) await this.store.delete(`${folder}/${name}`);
    this.manifests.delete(folder);
    this.damaged.delete(folder);
  }

  /** Removes what interrupted saves and removals left behind. Not to be called while a checkpoint is being added. */
  async removeUnfinished(): Promise<void> {
    const paths = new Set(await this.store.list());
    for (const saved of foldersIn(paths)) if (!paths.has(`${saved.folder}/${MANIFEST}`)) await this.remove(saved);
  }

  async writeBest({ [MODEL]: weights }: CheckpointFiles): Promise<void> {
    await this.store.commit(BEST, weights);
  }

  /** The best weights, which the caller owns, or null if there are none. */
  async readBest(): Promise<TensorMap | null> {
    const paths = await this.store.list();
    return paths.includes(BEST) ? decodeSafetensors(await this.store.get(BEST), BEST) : null;
  }

  private async manifestOf({ folder }: Saved): Promise<Manifest> {
    const known = this.manifests.get(folder);
    if (known !== undefined) return known;
    const file = `${folder}/${MANIFEST}`;
    const manifest = decodeManifest(await this.store.get(file), file);
    this.manifests.set(folder, manifest);
    return manifest;
  }

  private async readWhole(saved: Saved): Promise<RestoredCheckpoint> {
    const manifest = await this.manifestOf(saved);
    const paths = new Set(await this.store.list());
    const file = async (name: (typeof DATA_FILES)[number]): Promise<[content: Uint8Array, path: string]> => {
      const path = `${saved.folder}/${name}`;
      if (!paths.has(path)) throw damaged(path, 'it is missing');
      const content = await this.store.get(path);
      const expected = manifest.files[name];
      const found = digest(content);
      if (found.bytes !== expected?.bytes)
        throw damaged(path, `it has ${found.bytes} bytes instead of ${expected?.bytes}`);
      if (found.sha256 !== expected.sha256) throw damaged(path, 'its checksum is wrong');
      return [content, path];
    };
    const [state, stateTensors, model] = [await file(STATE), await file(STATE_TENSORS), await file(MODEL)];
    const modelState = decodeSafetensors(...model);
    let tensors: TensorMap = {};
    try {
      tensors = decodeSafetensors(...stateTensors);
      return { modelState, trainingState: decodeState(new TextDecoder().decode(state[0]), tensors, state[1]) };
    } catch (error) {
      tf.dispose([modelState, tensors]);
      throw error;
    }
  }
}

/** A snapshot as files. It stays the caller's. */
export async function encodeCheckpoint({ modelState, trainingState }: CheckpointState): Promise<CheckpointFiles> {
  const { json, tensors } = encodeState(trainingState);
  return {
    [STATE]: new TextEncoder().encode(json),
    [STATE_TENSORS]: await encodeSafetensors(tensors),
    [MODEL]: await encodeSafetensors(modelState),
  };
}

/** Whether an error says that a checkpoint is damaged, and not that it could not be reached. */
export function isCorrupt(error: unknown): error is CheckpointError {
  return error instanceof CheckpointError && error.code === 'X_CHECKPOINT_CORRUPT';
}

/** The folders that hold a file of ours, oldest first. */
function foldersIn(paths: Iterable<string>): Saved[] {
  const ours: readonly string[] = [MANIFEST, ...DATA_FILES];
  const names = new Set(
    [...paths].flatMap((path) => {
      const [root, folder, file, ...deeper] = path.split('/');
      return root === ROOT && folder !== undefined && ours.includes(file ?? '') && deeper.length === 0 ? [folder] : [];
    }),
  );
  return [...names]
    .flatMap((name) => {
      const place = parseFolderName(name);
      return place === undefined ? [] : [{ folder: `${ROOT}/${name}`, ...place }];
    })
    .sort(comparePlaces);
}

function damaged(path: string, cause: string): CheckpointError {
  return new CheckpointError('X_CHECKPOINT_CORRUPT', `${path} is damaged: ${cause}`);
}
