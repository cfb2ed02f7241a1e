import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new, empty folder. */
export interface TemporaryFolder {
  readonly path: string;
  /** Deletes it with all that is in it. */
  remove(): Promise<void>;
}

/** Makes a folder of its own for a test, which removes it at its end. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'x-testing-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Runs something in a folder that is removed afterwards, also after an error. */
export async function inTemporaryFolder<R>(run: (path: string) => Promise<R>): Promise<R> {
  const folder = await temporaryFolder();
  try {
    return await run(folder.path);
  } finally {
    await folder.remove();
  }
}
