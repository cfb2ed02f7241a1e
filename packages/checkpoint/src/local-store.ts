import { dirname, join, resolve, sep } from 'node:path';

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
import { nodeFileSystem, PARTIAL, syncFolder, TheFileSystem, writeAtomically } from './file-system.js';

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
 * Every write is atomic and durable: a crash at any moment leaves the old file or the new one.
 */
@CheckpointStore.register('local', LocalStoreOptions)
export class LocalStore extends CheckpointStore {
  private readonly root: string;

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
    await this.orExplain('written', file, () => writeAtomically(this.files, file, content));
  }

  override async commit(path: string, manifest: Uint8Array): Promise<void> {
    await this.put(path, manifest);
  }

  override async get(path: string): Promise<Uint8Array> {
    const file = this.locate(path);
    return this.orExplain('read', file, () => this.files.read(file));
  }

  override async list(): Promise<string[]> {
    return this.orExplain('listed', this.root, () => this.listBelow(''));
  }

  /** Also removes what an interrupted write left of the file, and the file's folder if it is empty now. */
  override async delete(path: string): Promise<void> {
    const file = this.locate(path);
    await this.orExplain('removed', file, async () => {
      await unlessMissing(this.files.unlink(file + PARTIAL));
      await unlessMissing(this.files.unlink(file));
      const folder = dirname(file);
      if (folder === this.root) return;
      await unlessMissing(syncFolder(this.files, folder));
      await this.files.removeFolder(folder).catch(() => undefined);
    });
  }

  private async listBelow(folder: string): Promise<string[]> {
    const entries = await unlessMissing(this.files.list(join(this.root, folder)));
    const below = (entries ?? []).map(async ({ name, kind }) => {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (kind === 'folder') return this.listBelow(path);
      return kind === 'file' && !name.endsWith(PARTIAL) ? [path] : [];
    });
    return (await Promise.all(below)).flat();
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
      throw new CheckpointError('X_CHECKPOINT', `${path} could not be ${verb}: ${advice(error)}`, { cause: error });
    }
  }
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
