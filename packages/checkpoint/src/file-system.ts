import { mkdir, open, readdir, readFile, rename, rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { Token } from '@x/trainer-core';
import { token } from '@x/trainer-core';

/** The few calls that storing a file durably takes, so that a test can make any of them fail. Errors are Node's. */
export interface FileSystem {
  /** Makes a folder and its missing parents; returns the first one that was made. */
  makeFolder(path: string): Promise<string | undefined>;
  open(path: string, flags: 'w' | 'r'): Promise<OpenFile>;
  read(path: string): Promise<Uint8Array>;
  list(folder: string): Promise<readonly FolderEntry[]>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
}

export interface OpenFile {
  /** Writes all of `content` at the present end. */
  write(content: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
}

/** Inject this to store checkpoints in another file system than Node's. */
export const TheFileSystem: Token<FileSystem> = token('@x/checkpoint:FileSystem');

/** The disk. */
export const nodeFileSystem: FileSystem = {
  makeFolder: (path) => mkdir(path, { recursive: true }),
  async open(path, flags) {
    const handle = await open(path, flags);
    return {
      write: (content) => handle.writeFile(content),
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
  read: (path) => readFile(path),
  async list(folder) {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.map((entry) => ({
      name: entry.name,
      kind: entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other',
    }));
  },
  rename,
  unlink,
  removeFolder: rmdir,
};

/** What a file is called while it is being written. */
export const PARTIAL = '.partial';

/**
 * Writes a file completely or not at all, also if the machine loses power: into a partial file beside it that is
 * flushed to the disk, renamed, and made durable by flushing the folders whose entries changed.
 */
export async function writeAtomically(files: FileSystem, path: string, content: Uint8Array): Promise<void> {
  const folder = dirname(path);
  const firstMade = await files.makeFolder(folder);
  const partial = path + PARTIAL;
  try {
    await writeDurably(files, partial, content);
    await files.rename(partial, path);
  } catch (error) {
    await files.unlink(partial).catch(() => undefined);
    throw error;
  }
  await syncFolder(files, folder);
  if (firstMade !== undefined) {
    for (let made = folder; made.length >= firstMade.length; made = dirname(made))
      await syncFolder(files, dirname(made));
  }
}

/** Makes the entries of a folder durable. */
export async function syncFolder(files: FileSystem, folder: string): Promise<void> {
  // Windows cannot open folders, and NTFS journals their entries by itself.
  if (process.platform === 'win32') return;
  const handle = await files.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeDurably(files: FileSystem, path: string, content: Uint8Array): Promise<void> {
  const file = await files.open(path, 'w');
  try {
    await file.write(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
