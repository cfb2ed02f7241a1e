import type { FileSystem, FolderEntry, OpenFile } from '../file-system.js';
import { fileSystemError } from './file-system-error.js';

/** Which calls of a {@link FaultyFileSystem} fail, and how. */
export interface Fault {
  /** The call that fails, from 1. */
  readonly call: number;
  readonly code: 'ENOSPC' | 'EIO' | 'EACCES' | 'EROFS';
  /** Whether every later call fails, too. */
  readonly persistent: boolean;
}

/**
 * Another file system, of whose calls some fail: a write after half of the bytes, a close after closing, others before
 * they do anything. Calls are counted over all files, as SQLite's tests count them: fail the 1st, the 2nd, ... until a run
 * makes fewer calls than that.
 */
export class FaultyFileSystem implements FileSystem {
  /** How many calls were made, those that failed included. */
  calls = 0;
  /** How many of them failed. */
  failures = 0;

  /** @param fault null only counts. */
  constructor(
    private readonly inner: FileSystem,
    private readonly fault: Fault | null,
  ) {}

  makeFolder(path: string): Promise<string | undefined> {
    return this.through(path, () => this.inner.makeFolder(path));
  }

  async open(path: string, flags: 'w' | 'r'): Promise<OpenFile> {
    const file = await this.through(path, () => this.inner.open(path, flags));
    return {
      write: (content) =>
        this.through(
          path,
          () => file.write(content),
          () => file.write(content.subarray(0, content.length / 2)),
        ),
      sync: () => this.through(path, () => file.sync()),
      close: () =>
        this.through(
          path,
          () => file.close(),
          () => file.close(),
        ),
    };
  }

  read(path: string): Promise<Uint8Array> {
    return this.through(path, () => this.inner.read(path));
  }

  list(folder: string): Promise<readonly FolderEntry[]> {
    return this.through(folder, () => this.inner.list(folder));
  }

  rename(from: string, to: string): Promise<void> {
    return this.through(to, () => this.inner.rename(from, to));
  }

  unlink(path: string): Promise<void> {
    return this.through(path, () => this.inner.unlink(path));
  }

  removeFolder(path: string): Promise<void> {
    return this.through(path, () => this.inner.removeFolder(path));
  }

  private async through<T>(path: string, call: () => Promise<T>, beforeFailing?: () => Promise<unknown>): Promise<T> {
    this.calls += 1;
    const { fault } = this;
    const fails = fault !== null && (fault.persistent ? this.calls >= fault.call : this.calls === fault.call);
    if (!fails) return call();
    this.failures += 1;
    await beforeFailing?.();
    throw fileSystemError(fault.code, path);
  }
}
