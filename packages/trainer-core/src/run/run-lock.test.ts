import { AsyncResource } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { withLog } from '../log.js';
import { checkNotLocked, LOCK, withRunLock } from './run-lock.js';
import type { LockHolder } from './run-lock.js';

/** Code in it is not inside of the lock of a test. */
const outside = new AsyncResource('outside');

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'run-lock-'))));
afterEach(() => rm(folder, { recursive: true }));

/** Another run, which only takes the lock. */
function another(): Promise<void> {
  return outside.runInAsyncScope(() => withRunLock(folder, async () => undefined));
}

async function lockOf(changes: Partial<LockHolder>): Promise<void> {
  const holder = { pid: process.pid, host: hostname(), since: '2026-01-02T03:04:05.000Z', process: null, ...changes };
  await writeFile(join(folder, LOCK), JSON.stringify(holder));
}

it('a second run is refused with who holds the folder, since when, and what to do', async () => {
  await withRunLock(folder, async () => {
    await expect(another()).rejects.toMatchObject({
      code: 'X_DIR_LOCKED',
      message: expect.stringMatching(
        /is written to by another run \(this process, since 20.*\): wait for it, .*delete .*run\.lock$/,
      ) as string,
    });
    await expect(outside.runInAsyncScope(() => checkNotLocked(folder))).rejects.toMatchObject({ code: 'X_DIR_LOCKED' });
  });
  await another();
});

it('is released however a run ends, and nothing is left', async () => {
  await expect(withRunLock(folder, () => Promise.reject(new RangeError('the run')))).rejects.toThrow('the run');
  await expect(
    withRunLock(folder, () => {
      throw new RangeError('at once');
    }),
  ).rejects.toThrow('at once');
  expect(await readdir(folder)).toEqual([]);
});

it('a lock that cannot be removed does not hide how the run ended', async () => {
  const warnings: string[] = [];
  const fails = async (): Promise<void> => {
    // a folder in its place can neither be read nor unlinked
    await rm(join(folder, LOCK));
    await mkdir(join(folder, LOCK));
    throw new RangeError('the run');
  };
  await withLog({ info: () => undefined, warn: (text) => void warnings.push(text) }, () =>
    expect(withRunLock(folder, fails)).rejects.toThrow('the run'),
  );
  expect(warnings).toEqual([expect.stringMatching(/run\.lock could not be removed: EISDIR/)]);
});

it('what runs inside of a run does not ask again', async () => {
  await withRunLock(folder, () =>
    withRunLock(join(folder, '.'), async () => {
      await checkNotLocked(folder);
      expect(await readdir(folder)).toEqual([LOCK]);
    }),
  );
});

it('without a folder there is nothing to lock', async () => {
  expect(await withRunLock(null, async () => 3)).toBe(3);
});

it('of many runs at once, one gets the folder', async () => {
  await lockOf({ pid: goneProcess() });
  let inside = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 12 }, () =>
      outside.runInAsyncScope(() =>
        withRunLock(folder, async () => {
          inside += 1;
          expect(inside).toBe(1);
          await new Promise((resolve) => setTimeout(resolve, 20));
          inside -= 1;
        }),
      ),
    ),
  );
  const refused = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as { code: string }] : [],
  );
  expect(refused.every(({ code }) => code === 'X_DIR_LOCKED')).toBe(true);
  expect(refused.length).toBeLessThan(12);
  expect(await readdir(folder)).toEqual([]);
});

it.each<[string, () => Partial<LockHolder>]>([
  ['whose process is gone', () => ({ pid: goneProcess() })],
  ['whose number another process has by now', () => ({ process: 'another boot 123' })],
])('a lock %s is taken over, with a line that says so', async (_, holder) => {
  await lockOf(holder());
  const lines: string[] = [];
  await outside.runInAsyncScope(() =>
    withLog({ info: (line) => void lines.push(line), warn: () => undefined }, () =>
      withRunLock(folder, async () => undefined),
    ),
  );
  expect(lines).toEqual([expect.stringMatching(/was locked by process \d+, which is gone: its lock is taken over/)]);
  expect(await readdir(folder)).toEqual([]);
});

it('a lock that is no lock of ours is taken over', async () => {
  await writeFile(join(folder, LOCK), 'half of');
  await another();
  expect(await readdir(folder)).toEqual([]);
});

it('a process of another host cannot be looked for: its lock holds', async () => {
  await lockOf({ host: 'elsewhere', pid: 7 });
  await expect(another()).rejects.toThrow(/process 7 on elsewhere, since 2026-01-02T03:04:05/);
  expect(JSON.parse(await readFile(join(folder, LOCK), 'utf8'))).toMatchObject({ host: 'elsewhere' });
});

it('a folder that cannot be made is refused as such', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(withRunLock(join(folder, 'file', 'run'), async () => undefined)).rejects.toMatchObject({
    code: 'X_DIR_NOT_WRITABLE',
  });
});

/** The number of a process that has ended. */
function goneProcess(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}
