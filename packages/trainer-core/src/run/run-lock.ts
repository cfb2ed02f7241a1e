import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, randomUUID } from 'node:crypto';
import { constants, copyFile, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';

import { messageOf } from '../config/show.js';
import { SerializationDirError } from '../errors.js';
import { log } from '../log.js';

/** The file that says that a run is writing to a folder. */
export const LOCK = 'run.lock';

/** Who writes to a folder. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** When it began, ISO 8601. */
  readonly since: string;
  /** Tells the process from a later one of the same number, where the system knows: boot and start time. Else null. */
  readonly process: string | null;
}

/** The folders that the run under way has locked: what runs inside it need not ask again. */
const held = new AsyncLocalStorage<readonly string[]>();

/**
 * Runs something that writes to a folder, which is made if need be; nobody else may meanwhile. However it ends, the lock is
 * released. A lock whose process is gone is taken over.
 *
 * @param folder null: there is nothing to lock.
 * @throws SerializationDirError (`X_DIR_LOCKED`, `X_DIR_NOT_WRITABLE`).
 */
export async function withRunLock<R>(folder: string | null, run: () => Promise<R>): Promise<R> {
  const outer = held.getStore() ?? [];
  const path = folder === null ? null : resolve(folder);
  if (path === null || outer.includes(path)) return run();
  const release = await acquire(path);
  try {
    return await held.run([...outer, path], run);
  } finally {
    await release();
  }
}

/** @throws SerializationDirError (`X_DIR_LOCKED`) if a run is writing to the folder. Nothing is changed. */
export async function checkNotLocked(folder: string): Promise<void> {
  if (held.getStore()?.includes(resolve(folder)) === true) return;
  const holder = await heldBy((await readIfThere(join(folder, LOCK))) ?? '');
  if (holder !== null) throw lockedBy(folder, holder);
}

async function acquire(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, LOCK);
  const mine = JSON.stringify(await thisProcess());
  const draft = `${path}-${randomUUID()}`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(draft, mine);
    // linked, not written in place: whoever sees the lock sees all of it
    while (!(await linked(draft, path))) await takeOver(folder, draft);
  } catch (error) {
    if (error instanceof SerializationDirError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const what = `the folder ${folder} cannot be written (${code}): choose another one, or change its permissions`;
    throw new SerializationDirError('X_DIR_NOT_WRITABLE', what, { cause: error });
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
  return async () => {
    try {
      if ((await readIfThere(path)) === mine) await rm(path, { force: true });
    } catch (error) {
      // how the run ended is what counts, and the lock of a process that is gone holds nobody up
      log.warn(`the lock ${path} could not be removed: ${messageOf(error)}`);
    }
  };
}

/**
 * Removes a lock whose process is gone. Of those who find it gone at once, one may: the one that gets the name made of what
 * the lock says, and still finds it. Otherwise the slowest would remove the new lock of the first.
 *
 * @throws SerializationDirError (`X_DIR_LOCKED`) if the process is not gone.
 */
async function takeOver(folder: string, draft: string): Promise<void> {
  const path = join(folder, LOCK);
  const text = await readIfThere(path);
  if (text === null) return;
  const holder = await heldBy(text);
  if (holder !== null) throw lockedBy(folder, holder);
  const right = `${path}-${createHash('sha1').update(text).digest('hex')}`;
  if (!(await linked(draft, right))) {
    const other = await heldBy((await readIfThere(right)) ?? '');
    if (other !== null) throw lockedBy(folder, other);
  }
  try {
    if ((await readIfThere(path)) !== text) return;
    await rm(path);
    log.info(`${folder} was locked by process ${holderOf(text)?.pid ?? '?'}, which is gone: its lock is taken over`);
  } finally {
    await rm(right, { force: true });
  }
}

/** Whether the file got its second name: false if there is one of that name. */
async function linked(file: string, name: string): Promise<boolean> {
  try {
    // a file system without links has no better than a copy
    await link(file, name).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw error;
      return copyFile(file, name, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

/** Who holds a lock that says this; null for a process that is gone, and for what is no lock of ours. */
async function heldBy(text: string): Promise<LockHolder | null> {
  const holder = holderOf(text);
  return holder !== null && (await isAlive(holder)) ? holder : null;
}

function holderOf(text: string): LockHolder | null {
  try {
    const holder = JSON.parse(text) as Partial<LockHolder>;
    return typeof holder.pid === 'number' && typeof holder.host === 'string' ? (holder as LockHolder) : null;
  } catch {
    return null;
  }
}

/** A process of another machine, or of another container, cannot be looked for: it is taken to be alive. */
async function isAlive(holder: LockHolder): Promise<boolean> {
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // a process of another user is one
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = await identityOf(holder.pid);
  return now === null || holder.process === null || now === holder.process;
}

function lockedBy(folder: string, { pid, host, since }: LockHolder): SerializationDirError {
  const who = pid === process.pid && host === hostname() ? 'this process' : `process ${pid} on ${host}`;
  return new SerializationDirError(
    'X_DIR_LOCKED',
    `the folder ${folder} is written to by another run (${who}, since ${since}): wait for it, stop it, or choose another ` +
      `folder. If you are sure that it is gone, delete ${join(folder, LOCK)}`,
  );
}

async function thisProcess(): Promise<LockHolder> {
  return {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    process: await identityOf(process.pid),
  };
}

/** The boot of the machine and the time of the start since, in clock ticks; null where there is no /proc. */
async function identityOf(pid: number): Promise<string | null> {
  try {
    const [boot, status] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    // the name of the command, in parentheses, may have spaces; the start is the 22nd field
    return `${boot.trim()} ${status.slice(status.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return null;
  }
}
