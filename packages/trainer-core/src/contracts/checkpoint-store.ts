import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';

/** How another thread builds the same store: `new (await import(module))[name](options)`. */
export interface StoreRecipe {
  /** What is imported: a file URL, or the name of a package that resolves from everywhere. */
  readonly module: string;
  /** The class that the module exports. */
  readonly name: string;
  /** The first argument of its constructor; it must survive a structured clone. */
  readonly options: unknown;
}

/** What a reader knows of a file beforehand, and wants of it on the way. A store may ignore both. */
export interface GetOptions {
  /** The size that the file must have. A store that can refuses another one before it allocates anything. */
  readonly bytes?: number | undefined;
  /** The largest size that it may have, likewise. */
  readonly maxBytes?: number | undefined;
  /** Is handed the content piece by piece, in order, while the rest is still coming: for a checksum. All of it or none. */
  readonly onChunk?: ((chunk: Uint8Array) => void) | undefined;
}

/**
 * Where checkpoints are kept: a folder, a bucket. Paths are relative and use `/`.
 *
 * There is one rule, on every store: **a checkpoint exists when its manifest does, and the manifest is written last.** What
 * was put without its commit is no checkpoint; whoever saves next removes it.
 *
 * One writer at a time; any number may read. Every error is a CheckpointError (`X_CHECKPOINT`) that names the place.
 */
export abstract class CheckpointStore {
  static readonly kind: string = 'checkpointStore';
  static readonly defaultName: string = 'local';
  static readonly register: Register<CheckpointStore> = registerFor('checkpointStore');

  /** Stages or stores one file of a checkpoint. Nobody takes it for one before the commit. */
  abstract put(path: string, content: Uint8Array): Promise<void>;

  /**
   * The content of a committed file, which becomes the caller's.
   *
   * @throws CheckpointError: `X_CHECKPOINT` if there is no such file, `X_CHECKPOINT_CORRUPT` if it has another size.
   */
  abstract get(path: string, options?: GetOptions): Promise<Uint8Array>;

  /** All paths, in any order: what is committed, and what was put in its final place. Names of the staging never are. */
  abstract list(): Promise<string[]>;

  /** Deletes one file, staged or stored. Deleting what is not there is fine. */
  abstract delete(path: string): Promise<void>;

  /**
   * Writes a manifest, durably and atomically: after it, and only then, what was put beside `path` exists. A file at the
   * root, a pointer such as `latest.json`, is replaced in the same way: a reader sees the old one or the new one.
   */
  abstract commit(path: string, manifest: Uint8Array): Promise<void>;

  /** How a worker builds the same store; null (the default) if it cannot: saving then stays in this thread. */
  recipe(): StoreRecipe | null {
    return null;
  }

  /** The bytes that can still be stored; null (the default) if there is no telling. */
  async freeBytes(): Promise<number | null> {
    return null;
  }
}
