import * as tf from '@tensorflow/tfjs-core';
import type { CheckpointPosition, CheckpointStore, RestoredCheckpoint, TensorMap } from '@x/trainer-core';
import { CheckpointError } from '@x/trainer-core';

import type { CheckpointFiles, DataFile, Saved } from './layout.js';
import { DATA_FILES, filesOf, foldersIn, MANIFEST, MODEL, ROOT, STATE, STATE_TENSORS } from './layout.js';
import { digestInSteps, RunningDigest } from './digest.js';
import type { Digest, Manifest } from './manifest.js';
import { decodeManifest, encodeManifest, MAX_MANIFEST_BYTES } from './manifest.js';
import { BEST_OF_VERSION_1 } from './migrations.js';
import { BEST, decodePointer, encodePointer, LATEST } from './pointer.js';
import type { Pointer } from './pointer.js';
import { comparePlaces, folderName, parseFolderName, samePosition } from './position.js';
import { decodeSafetensors } from './safetensors.js';
import { decodeState } from './state-json.js';

/** What is compared with the manifest when a checkpoint is read. */
export type Verification = 'checksums' | 'sizes';

/** A checkpoint whose manifest was read. */
export interface Described extends Saved, Manifest {}

/**
 * The layout of checkpoints in a store:
 * ```text
 * latest.json                                      { "checkpoint": "checkpoints/epoch_3" }
 * best.json
 * checkpoints/epoch_3/training_state.json
 *                     training_state.safetensors
 *                     model_state.safetensors
 *                     manifest.json                sizes and checksums of the others; written last, removed first
 * ```
 * A folder is a checkpoint if and only if it has its manifest. Only files of exactly these names are ever removed.
 *
 * It remembers the manifests that it has seen, so each is read once; it must not outlive what others change in the store.
 */
export class CheckpointArchive {
  private readonly manifests = new Map<string, Manifest>();
  private readonly damaged = new Set<string>();

  constructor(private readonly store: CheckpointStore) {}

  /** Passes these folders over from now on, because a reader found them damaged. */
  distrust(folders: Iterable<string>): void {
    for (const folder of folders) this.damaged.add(folder);
  }

  /** The finished checkpoints, oldest first. */
  async list(): Promise<Saved[]> {
    const paths = new Set(await this.store.list());
    return foldersIn(paths).filter(({ folder }) => paths.has(`${folder}/${MANIFEST}`));
  }

  /** Those that are not known to be damaged, with their manifests. */
  async history(): Promise<Described[]> {
    const whole: Described[] = [];
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
   * Adds a checkpoint. Where its position is saved already, it gets a folder of its own, so that there is a complete one at
   * every moment. Checksums are computed while the files are written.
   *
   * @throws CheckpointError if it cannot be written; what was written is removed, as far as that is possible.
   */
  async add(
    position: CheckpointPosition,
    files: CheckpointFiles,
    about: Omit<Manifest, 'position' | 'files'>,
  ): Promise<void> {
    const earlier = foldersIn(await this.store.list()).filter((other) => samePosition(other, position));
    const { epoch, batchesThisEpoch, batchNumTotal } = position;
    const folder = `${ROOT}/${folderName({ epoch, batchesThisEpoch, attempt: (earlier.at(-1)?.attempt ?? 0) + 1 })}`;
    const digests: Record<string, Digest> = {};
    try {
      // file by file, because while a large one is hashed every call to the disk waits for a turn
      for (const name of DATA_FILES) {
        const written = this.store.put(`${folder}/${name}`, files[name]);
        [digests[name]] = await Promise.all([digestInSteps(files[name]), written]);
      }
      const manifest: Manifest = { position: { epoch, batchesThisEpoch, batchNumTotal }, ...about, files: digests };
      await this.store.commit(`${folder}/${MANIFEST}`, encodeManifest(manifest));
      this.manifests.set(folder, manifest);
    } catch (error) {
      await this.remove({ folder }).catch(() => undefined);
      throw error;
    }
  }

  /**
   * The contents of a checkpoint. The tensors are the caller's.
   *
   * @throws CheckpointError (`X_CHECKPOINT_CORRUPT`) naming the file if a size or a checksum is wrong.
   */
  async read(saved: Saved, verify: Verification): Promise<RestoredCheckpoint> {
    const manifest = await this.manifestOf(saved);
    const paths = new Set(await this.store.list());
    const missing = DATA_FILES.map((name) => `${saved.folder}/${name}`).find((path) => !paths.has(path));
    if (missing !== undefined) throw damaged(missing, 'it is missing');
    const state = await this.file(saved, manifest, STATE, verify);
    const stateTensors = await this.file(saved, manifest, STATE_TENSORS, verify);
    const modelState = decodeSafetensors(...(await this.file(saved, manifest, MODEL, verify)));
    let tensors: TensorMap = {};
    try {
      tensors = decodeSafetensors(...stateTensors);
      return { modelState, trainingState: decodeState(new TextDecoder().decode(state[0]), tensors, state[1]) };
    } catch (error) {
      tf.dispose([modelState, tensors]);
      throw error;
    }
  }

  /** Removes a checkpoint: the manifest first, so that a part of one is never taken for the whole. */
  async remove({ folder }: Pick<Saved, 'folder'>): Promise<void> {
    for (const path of filesOf(folder)) await this.store.delete(path);
    this.manifests.delete(folder);
    this.damaged.delete(folder);
  }

  /** Removes these checkpoints, of an earlier run, and what was its best. */
  async forget(checkpoints: readonly Saved[]): Promise<void> {
    for (const file of [BEST, BEST_OF_VERSION_1]) await this.store.delete(file);
    for (const saved of checkpoints) await this.remove(saved);
  }

  /** Removes what interrupted saves and removals left behind. Not to be called while a checkpoint is being added. */
  async removeUnfinished(): Promise<void> {
    const paths = new Set(await this.store.list());
    for (const { folder } of foldersIn(paths)) {
      const files = filesOf(folder);
      if (!paths.has(`${folder}/${MANIFEST}`) && files.some((path) => paths.has(path))) await this.remove({ folder });
    }
  }

  /**
   * Makes the pointers name what the manifests say: the newest checkpoint, and the newest of those that were the best ones.
   * A crash between a commit and its pointers is made good by the next call.
   *
   * @returns the folders that they name now.
   */
  async updatePointers(history: readonly Described[]): Promise<ReadonlySet<string>> {
    const pointers = {
      [BEST]: await this.best(history),
      [LATEST]: history.length === 0 ? null : { checkpoint: history.at(-1)!.folder },
    };
    const paths = new Set(await this.store.list());
    for (const [file, pointer] of Object.entries(pointers)) {
      if (pointer === null) continue;
      const content = encodePointer(pointer);
      if (paths.has(file) && Buffer.compare(await this.readSmall(file), content) === 0) continue;
      await this.store.commit(file, content);
    }
    return new Set(
      Object.values(pointers).flatMap((pointer) =>
        pointer !== null && 'checkpoint' in pointer ? [pointer.checkpoint] : [],
      ),
    );
  }

  /**
   * The best weights, which the caller owns, or null if there are none.
   *
   * @throws CheckpointError (`X_CHECKPOINT_CORRUPT`) if they are damaged: others would not be the best ones.
   */
  async readBest(verify: Verification): Promise<TensorMap | null> {
    const pointer = await this.best(await this.history());
    if (pointer === null) return this.bestOfVersion1();
    if ('weights' in pointer) return decodeSafetensors(await this.store.get(pointer.weights), pointer.weights);
    const saved = savedIn(pointer.checkpoint);
    return decodeSafetensors(...(await this.file(saved, await this.manifestOf(saved), MODEL, verify)));
  }

  private async bestOfVersion1(): Promise<TensorMap | null> {
    const paths = await this.store.list();
    if (!paths.includes(BEST_OF_VERSION_1)) return null;
    return decodeSafetensors(await this.store.get(BEST_OF_VERSION_1), BEST_OF_VERSION_1);
  }

  /** The pointer's word, unless a crash kept it from naming a later one. */
  private async best(history: readonly Described[]): Promise<Pointer | null> {
    const paths = await this.store.list();
    const pointer = paths.includes(BEST) ? decodePointer(await this.readSmall(BEST), BEST) : null;
    const marked = history.findLast(({ best }) => best);
    if (marked === undefined) return pointer;
    const isLater =
      pointer === null || ('checkpoint' in pointer && comparePlaces(marked, savedIn(pointer.checkpoint)) > 0);
    return isLater ? { checkpoint: marked.folder } : pointer;
  }

  private async manifestOf({ folder }: Saved): Promise<Manifest> {
    const known = this.manifests.get(folder);
    if (known !== undefined) return known;
    const file = `${folder}/${MANIFEST}`;
    const manifest = decodeManifest(await this.readSmall(file), file);
    this.manifests.set(folder, manifest);
    return manifest;
  }

  private readSmall(file: string): Promise<Uint8Array> {
    return this.store.get(file, { maxBytes: MAX_MANIFEST_BYTES });
  }

  /** A file and its path, after comparing it with the manifest. */
  private async file(
    { folder }: Saved,
    { files }: Manifest,
    name: DataFile,
    verify: Verification,
  ): Promise<[content: Uint8Array, path: string]> {
    const path = `${folder}/${name}`;
    const expected = files[name];
    if (expected === undefined) throw damaged(path, 'its manifest does not mention it');
    const digest = new RunningDigest();
    const onChunk = verify === 'checksums' ? (chunk: Uint8Array): void => digest.add(chunk) : undefined;
    const content = await this.store.get(path, { bytes: expected.bytes, onChunk });
    if (content.length !== expected.bytes)
      throw damaged(path, `it has ${content.length} bytes instead of ${expected.bytes}`);
    if (verify === 'checksums' && digest.of(content) !== expected.sha256) throw damaged(path, 'its checksum is wrong');
    return [content, path];
  }
}

/** Whether an error says that a checkpoint is damaged, and not that it could not be reached. */
export function isCorrupt(error: unknown): error is CheckpointError {
  return error instanceof CheckpointError && error.code === 'X_CHECKPOINT_CORRUPT';
}

/** @throws CheckpointError (`X_CHECKPOINT_CORRUPT`) for a folder that no checkpoint has. */
function savedIn(folder: string): Saved {
  const place = folder.startsWith(`${ROOT}/`) ? parseFolderName(folder.slice(ROOT.length + 1)) : undefined;
  if (place === undefined) throw damaged(BEST, `"${folder}" is not the folder of a checkpoint`);
  return { folder, ...place };
}

function damaged(path: string, cause: string): CheckpointError {
  return new CheckpointError('X_CHECKPOINT_CORRUPT', `${path} is damaged: ${cause}`);
}
