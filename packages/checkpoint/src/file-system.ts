import { mkdir, open, readdir, rename, rmdir, statfs, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { GetOptions, Token } from '@x/trainer-core';
import { CheckpointError, token } from '@x/trainer-core';

/** The few calls that storing a file durably takes, so that a test can make any of them fail. Errors are Node's. */
export interface FileSystem {
  /** Makes a folder and its missing parents; returns the first one that was made. */
  makeFolder(path: string): Promise<string | undefined>;
  open(path: string, flags: 'w' | 'r'): Promise<OpenFile>;
  /** The whole file. Sizes that are not as expected are refused before anything is allocated; ignoring them is allowed. */
  read(path: string, expected?: GetOptions): Promise<Uint8Array>;
  list(folder: string): Promise<readonly FolderEntry[]>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
  /** The bytes that this process may still write below an existing folder; without it there is no telling. */
  freeBytes?(folder: string): Promise<number>;
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
  makeFolder,
  async open(path, flags) {
    const handle = await open(path, flags);
    return {
      async write(content) {
        for (let begin = 0; begin < content.length;) {
          begin += (await handle.write(content, begin, Math.min(WRITE_CHUNK, content.length - begin))).bytesWritten;
        }
      },
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
  read: readInChunks,
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
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

/** Of a read-only disk, Node says only that the folder is not there; asked for that one alone, it says why. */
async function makeFolder(path: string): Promise<string | undefined> {
  try {
    return await mkdir(path, { recursive: true });
  } catch (error) {
    const { code, path: missing = path } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') await mkdir(missing);
    throw error;
  }
}

/** Large enough that calls cost nothing beside the disk, small enough that a checksum keeps up. */
const CHUNK = 4 << 20;

/** Most files go in one call, because between two of them a write waits for the checksum's turn to end. Node takes 2 GiB. */
const WRITE_CHUNK = 1 << 30;

/** Reads the next piece while `onChunk` looks at the last one. */
async function readInChunks(path: string, { onChunk, ...expected }: GetOptions = {}): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    checkSize(path, size, expected);
    const content = new Uint8Array(size);
    const readAt = (begin: number): Promise<{ bytesRead: number }> =>
      handle.read(content, begin, Math.min(CHUNK, size - begin), begin);
    for (let begin = 0, next = readAt(0); begin < size;) {
      const { bytesRead } = await next;
      if (bytesRead === 0) throw wrongSize(path, begin, `${size}`);
      const chunk = content.subarray(begin, begin + bytesRead);
      begin += bytesRead;
      next = begin < size ? readAt(begin) : next;
      onChunk?.(chunk);
    }
    return content;
  } finally {
    await handle.close();
  }
}

function checkSize(path: string, size: number, { bytes, maxBytes }: GetOptions): void {
  if (bytes !== undefined && size !== bytes) throw wrongSize(path, size, `${bytes}`);
  if (maxBytes !== undefined && size > maxBytes) throw wrongSize(path, size, `at most ${maxBytes}`);
}

function wrongSize(path: string, size: number, expected: string): CheckpointError {
  return new CheckpointError('X_CHECKPOINT_CORRUPT', `${path} is damaged: it has ${size} bytes instead of ${expected}`);
}

/** What a file, or the folder of a checkpoint, is called until it is complete. Nobody else names anything so. */
export const PARTIAL = '.x-partial';

/**
 * Writes a file of a folder that is there completely or not at all, also if the machine loses power: into a partial file beside it that is
 * flushed to the disk, renamed, and made durable by flushing the folder.
 */
export async function writeAtomically(files: FileSystem, path: string, content: Uint8Array): Promise<void> {
  const partial = path + PARTIAL;
  try {
    await writeDurably(files, partial, content);
    await files.rename(partial, path);
  } catch (error) {
    await files.unlink(partial).catch(() => undefined);
    throw error;
  }
  await syncFolder(files, dirname(path));
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

/** Writes a file and flushes it. Its name is durable only when its folder is flushed, too. */
export async function writeDurably(files: FileSystem, path: string, content: Uint8Array): Promise<void> {
  const file = await files.open(path, 'w');
  try {
    await file.write(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
