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

/** What the pointers were brought to. */
export interface Pointers {
  /** The folders that they name. */
  readonly named: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

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
    // the name of a folder that is distrusted is not used again
    const taken = [...(await this.store.list()), ...[...this.damaged].map((folder) => `${folder}/${MANIFEST}`)];
    const earlier = foldersIn(taken).filter((other) => samePosition(other, position));
    const { epoch, batchesThisEpoch, batchNumTotal } = position;
    const folder = `${ROOT}/${folderName({ epoch, batchesThisEpoch, attempt: (earlier.at(-1)?.attempt ?? 0) + 1 })}`;
    const digests: Record<string, Digest> = {};
    try {
      // one after the other: two large files that are written at once are in each other's way
      for (const name of DATA_FILES) {
        const written = this.store.put(`${folder}/${name}`, files[name]);
        [digests[name]] = await allDone([digestInSteps(files[name]), written]);
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
   * The contents of a checkpoint. The tensors are the caller's. Null: it is gone, because who trains has removed it.
   *
   * @throws CheckpointError (`X_CHECKPOINT_CORRUPT`) naming the file if one is missing, or its size or checksum is wrong.
   */
  async read(saved: Saved, verify: Verification): Promise<RestoredCheckpoint | null> {
    try {
      const manifest = await this.manifestOf(saved);
      const read = (name: DataFile): Promise<ReadFile> => this.file(saved, manifest, name, verify);
      return decode(...(await allDone([read(STATE), read(STATE_TENSORS), read(MODEL)])));
    } catch (error) {
      const paths = await this.store.list();
      if (!paths.includes(`${saved.folder}/${MANIFEST}`)) return null;
      const missing = DATA_FILES.map((name) => `${saved.folder}/${name}`).find((path) => !paths.includes(path));
      throw missing === undefined ? error : damaged(missing, 'it is missing');
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
   * A crash between a commit and its pointers is made good by the next call, and so is a pointer that is damaged, or names a
   * checkpoint that is damaged or gone.
   *
   * @returns the folders that they name now, and what was made good.
   */
  async updatePointers(history: readonly Described[]): Promise<Pointers> {
    const paths = new Set(await this.store.list());
    const { best, lost } = await this.whatIsBest(history, paths);
    const latest = history.at(-1);
    const pointers = { [BEST]: best, [LATEST]: latest === undefined ? null : { checkpoint: latest.folder } };
    for (const [file, pointer] of Object.entries(pointers)) {
      if (pointer === null) continue;
      const content = encodePointer(pointer);
      if (paths.has(file) && (await this.holds(file, content))) continue;
      await this.store.commit(file, content);
    }
    const named = Object.values(pointers).flatMap((pointer) =>
      pointer !== null && 'checkpoint' in pointer ? [pointer.checkpoint] : [],
    );
    return { named: new Set(named), warnings: lost === null ? [] : [lost] };
  }

  /**
   * The best weights, which the caller owns, or null if there are none.
   *
   * @throws CheckpointError (`X_CHECKPOINT_CORRUPT`) if they are damaged: others would not be the best ones.
   */
  async readBest(verify: Verification): Promise<TensorMap | null> {
    const pointer = await this.best();
    if (pointer === null) return this.bestOfVersion1();
    try {
      if ('weights' in pointer) return decodeSafetensors(await this.store.get(pointer.weights), pointer.weights);
      const saved = savedIn(pointer.checkpoint);
      return decodeSafetensors(...(await this.file(saved, await this.manifestOf(saved), MODEL, verify)));
    } catch (error) {
      // who trains may have found better ones meanwhile, and removed these
      const now = await this.best();
      if (JSON.stringify(now) !== JSON.stringify(pointer)) return this.readBest(verify);
      if (!isCorrupt(error)) throw error;
      const advice = `bring back a copy, or remove that folder and write the one of another checkpoint into ${BEST}`;
      throw new CheckpointError(error.code, `${error.message}. It has the best weights: ${advice}`, { cause: error });
    }
  }

  /** Where there is no checkpoint: the error that one is gone, if the pointer to the latest one is still there. */
  async lostCheckpoint(): Promise<CheckpointError | null> {
    const paths = await this.store.list();
    if (!paths.includes(LATEST)) return null;
    const pointer = decodePointer(await this.readSmall(LATEST), LATEST);
    return 'checkpoint' in pointer ? damaged(pointer.checkpoint, `${LATEST} names it, and it is missing`) : null;
  }

  private async bestOfVersion1(): Promise<TensorMap | null> {
    const paths = await this.store.list();
    if (!paths.includes(BEST_OF_VERSION_1)) return null;
    return decodeSafetensors(await this.store.get(BEST_OF_VERSION_1), BEST_OF_VERSION_1);
  }

  /** The pointer's word, unless a crash kept it from naming a later one. */
  private async best(): Promise<Pointer | null> {
    const history = await this.history();
    return laterOf(await this.pointed(await this.store.list()), marked(history));
  }

  /** As {@link best}, but where the pointer or its checkpoint is lost: the best of what is left, and what to say of that. */
  private async whatIsBest(
    history: readonly Described[],
    paths: ReadonlySet<string>,
  ): Promise<{ best: Pointer | null; lost: string | null }> {
    const left = marked(history);
    const instead = (cause: string): { best: Pointer | null; lost: string | null } =>
      left === null
        ? { best: null, lost: null }
        : { best: left, lost: `${cause}; ${BEST} names ${left.checkpoint} instead, the best one that is left` };
    try {
      const pointer = await this.pointed([...paths]);
      const best = laterOf(pointer, left);
      if (best === null || best === left || 'weights' in best) return { best, lost: null };
      const { checkpoint } = best;
      const isWhole = paths.has(`${checkpoint}/${MANIFEST}`) && !this.damaged.has(checkpoint);
      return isWhole ? { best, lost: null } : instead(`the best checkpoint, ${checkpoint}, is damaged or missing`);
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      return instead(error.message);
    }
  }

  private async pointed(paths: readonly string[]): Promise<Pointer | null> {
    return paths.includes(BEST) ? decodePointer(await this.readSmall(BEST), BEST) : null;
  }

  private async holds(file: string, content: Uint8Array): Promise<boolean> {
    try {
      return Buffer.compare(await this.readSmall(file), content) === 0;
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      return false;
    }
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
  private async file({ folder }: Saved, { files }: Manifest, name: DataFile, verify: Verification): Promise<ReadFile> {
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

/** All results or the first failure, but not before nothing of it is under way any more. */
async function allDone<T extends readonly Promise<unknown>[] | []>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

type ReadFile = [content: Uint8Array, path: string];

function decode(state: ReadFile, stateTensors: ReadFile, model: ReadFile): RestoredCheckpoint {
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

/** The newest of those that were the best ones when they were saved. */
function marked(history: readonly Described[]): { checkpoint: string } | null {
  const saved = history.findLast(({ best }) => best);
  return saved === undefined ? null : { checkpoint: saved.folder };
}

function laterOf(pointer: Pointer | null, mark: { checkpoint: string } | null): Pointer | null {
  if (pointer === null || mark === null) return pointer ?? mark;
  const isLater = 'checkpoint' in pointer && comparePlaces(savedIn(mark.checkpoint), savedIn(pointer.checkpoint)) > 0;
  return isLater ? mark : pointer;
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
