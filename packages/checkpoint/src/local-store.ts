import { basename, dirname, join, resolve, sep } from 'node:path';

import type { GetOptions, StoreRecipe } from '@x/trainer-core';
import {
  CheckpointError,
  CheckpointStore,
  ConfigDir,
  ConfigError,
  inject,
  parseOptions,
  SerializationDir,
} from '@x/trainer-core';
import { z } from 'zod';

import type { FileSystem } from './file-system.js';
import {
  makeFolderDurably,
  nodeFileSystem,
  PARTIAL,
  syncFolder,
  TheFileSystem,
  writeAtomically,
  writeDurably,
} from './file-system.js';

export const LocalStoreOptions = z.strictObject({
  folder: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("Where files are kept; null is the run's own folder. In a config, relative to the config file's folder"),
});

/**
 * Keeps checkpoints in a folder. One process may write to a folder at a time.
 *
 * A checkpoint is staged in a folder beside its place: its files are flushed, then the folder, which is renamed, and then
 * the folder above. The manifest is the last file to be
 * staged, and that rename makes all of them appear at once. A file at the root is
 * replaced in the same way. So a crash at any moment leaves the old state or the new one.
 *
 * What is staged has a name that ends with `.x-partial`, and such names are taken for ours: the next save removes what a
 * crash left under them beside its own place. Everything else goes only by {@link delete}.
 */
@CheckpointStore.register('local', LocalStoreOptions)
export class LocalStore extends CheckpointStore {
  private readonly root: string;
  /** The folder that is being staged. */
  private staged: string | null = null;
  /** One call after the other: a second one would take the folder of the first for what a crash left. */
  private staging: Promise<void> = Promise.resolve();

  /** @throws ConfigError if there is neither a folder nor a run folder. */
  constructor(
    options: z.input<typeof LocalStoreOptions>,
    @inject(SerializationDir, { optional: true }) runFolder?: string | null,
    @inject(ConfigDir, { optional: true }) configFolder?: string,
    @inject(TheFileSystem, { optional: true }) private readonly files: FileSystem = nodeFileSystem,
  ) {
    super();
    const { folder } = parseOptions(LocalStoreOptions, options, 'LocalStore');
    if (folder === null && (runFolder === null || runFolder === undefined)) {
      throw ConfigError.of('X_CONFIG_INVALID', 'folder', 'is required, because the run has no serialization folder');
    }
    this.root = folder === null ? resolve(runFolder!) : resolve(configFolder ?? '.', folder);
  }

  override async put(path: string, content: Uint8Array): Promise<void> {
    const file = this.locate(path);
    await this.orExplain('written', file, async () => {
      if (this.isAtRoot(file)) return writeAtomically(this.files, file, content);
      const staging = this.staging.then(() => this.stage(dirname(file)));
      this.staging = staging.catch(() => undefined);
      await staging;
      return writeDurably(this.files, stagedFor(file), content);
    });
  }

  override async commit(path: string, manifest: Uint8Array): Promise<void> {
    await this.put(path, manifest);
    const file = this.locate(path);
    if (this.isAtRoot(file)) return;
    const folder = dirname(file);
    await this.orExplain('written', file, async () => {
      await syncFolder(this.files, folder + PARTIAL);
      // not every system lets a folder take the place of one, even if that is empty
      await this.files.removeFolder(folder).catch(() => undefined);
      await this.files.rename(folder + PARTIAL, folder);
      this.staged = null;
      await syncFolder(this.files, dirname(folder));
    });
  }

  override async get(path: string, options?: GetOptions): Promise<Uint8Array> {
    const file = this.locate(path);
    return this.orExplain('read', file, () => this.files.read(file, options));
  }

  override async list(): Promise<string[]> {
    return this.orExplain('listed', this.root, () => this.listBelow(''));
  }

  /** Deletes also what an interrupted write left of the file, and the file's folder if it is empty now. */
  override async delete(path: string): Promise<void> {
    const file = this.locate(path);
    await this.orExplain('deleted', file, async () => {
      await unlessMissing(this.files.unlink(stagedFor(file)));
      await unlessMissing(this.files.unlink(file));
      if (this.isAtRoot(file)) return unlessMissing(this.files.unlink(file + PARTIAL));
      const folder = dirname(file);
      await unlessMissing(syncFolder(this.files, folder));
      for (const emptied of [folder, folder + PARTIAL]) await this.files.removeFolder(emptied).catch(() => undefined);
      this.staged = null;
    });
  }

  /** Only where this class itself stands on the disk: a thread can build neither another class nor another file system. */
  override recipe(): StoreRecipe | null {
    const isPlain = this.constructor === LocalStore && this.files === nodeFileSystem;
    return isPlain ? { module: import.meta.url, name: 'LocalStore', options: { folder: this.root } } : null;
  }

  /** Of the disk that holds the folder, or will hold it once it is made. */
  override async freeBytes(): Promise<number | null> {
    if (this.files.freeBytes === undefined) return null;
    for (let folder = this.root; ; folder = dirname(folder)) {
      const free = await unlessMissing(this.files.freeBytes(folder));
      if (free !== undefined || folder === dirname(folder)) return free ?? null;
    }
  }

  /** Makes the folder that a checkpoint is staged in, after removing those that crashes left. */
  private async stage(folder: string): Promise<void> {
    if (this.staged === folder) return;
    const made = await makeFolderDurably(this.files, dirname(folder));
    // a save that failed may have made it without getting so far
    if (!made) await syncFolder(this.files, dirname(dirname(folder)));
    for (const { name, kind } of await this.files.list(dirname(folder))) {
      if (kind === 'folder' && name.endsWith(PARTIAL)) await this.removeStaged(join(dirname(folder), name));
    }
    await this.files.makeFolder(folder + PARTIAL);
    this.staged = folder;
  }

  private async removeStaged(folder: string): Promise<void> {
    for (const { name, kind } of await this.files.list(folder)) {
      if (kind === 'file') await this.files.unlink(join(folder, name));
    }
    await this.files.removeFolder(folder).catch(() => undefined);
  }

  private async listBelow(folder: string): Promise<string[]> {
    const entries = await unlessMissing(this.files.list(join(this.root, folder)));
    const below = (entries ?? []).map(async ({ name, kind }) => {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (name.endsWith(PARTIAL)) return [];
      if (kind === 'folder') return this.listBelow(path);
      return kind === 'file' ? [path] : [];
    });
    return (await Promise.all(below)).flat();
  }

  private isAtRoot(file: string): boolean {
    return dirname(file) === this.root;
  }

  private locate(path: string): string {
    const file = resolve(this.root, path);
    if (file.startsWith(this.root.endsWith(sep) ? this.root : this.root + sep)) return file;
    throw new CheckpointError(
      'X_CHECKPOINT',
      `the path "${path}" is outside of the folder ${this.root}; paths are relative to it`,
    );
  }

  private async orExplain<T>(verb: string, path: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof CheckpointError) throw error;
      throw new CheckpointError('X_CHECKPOINT', `${path} could not be ${verb}: ${advice(error)}`, { cause: error });
    }
  }
}

/** Where a file is until its checkpoint is committed. */
function stagedFor(file: string): string {
  return join(dirname(file) + PARTIAL, basename(file));
}

async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function advice(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `access is denied (${code}); give the process the right to it, or choose another folder`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `there is no space left (${code}); free some, or keep fewer checkpoints (numSerializedModelsToKeep)`;
    default:
      return message;
  }
}
