import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { nodeFileSystem } from '@x/checkpoint';

import { checkpointerOn, endOf, newest, save, startSaving, warningsOf } from '../lib/fake-run.mjs';
import { inTemporaryFolder } from '../lib/temporary-folder.mjs';

export const name = 'real disk';

const KIB = 1024;
/** Weights that are saved in the thread of the run, and in one of their own. */
const SIZES = [
  { label: 'small', weights: 2, disk: 64 * KIB },
  { label: 'large', weights: 100_000, disk: 4096 * KIB },
];

export async function suite({ check, skip }) {
  for (const { label, weights, disk } of SIZES) {
    await onTmpfs(disk, skip, `a full disk, ${label} weights`, (folder) =>
      check(`a full disk, ${label} weights`, () => survivesFullDisk(folder, weights, disk)),
    );
    await onTmpfs(disk, skip, `a read-only disk, ${label} weights`, (folder) =>
      check(`a read-only disk, ${label} weights`, () => survivesReadOnly(folder, weights, () => remount(folder))),
    );
  }
  if (fs.existsSync('/dev/full')) await check('/dev/full', survivesDevFull);
  else skip('/dev/full', 'there is none');
  if (process.getuid?.() === 0) skip('a folder without permission', 'this is root, whom permission bits do not stop');
  else await check('a folder without permission', survivesNoPermission);
}

async function survivesFullDisk(folder, weights, size) {
  const ballast = path.join(folder, 'ballast');
  const checkpointer = checkpointerOn(nodeFileSystem, { numSerializedModelsToKeep: 1 }, path.join(folder, 'run'));
  const reopened = () => checkpointerOn(nodeFileSystem, {}, path.join(folder, 'run'));
  await save(checkpointer, { position: endOf(0), value: 1, best: true, weights });

  // from no room at all to nearly enough for a checkpoint
  for (const share of [0, 0.25, 0.5, 0.75]) {
    const room = Math.floor(share * sizeOf(path.join(folder, 'run')));
    fs.rmSync(ballast, { force: true });
    fill(ballast, size);
    fs.truncateSync(ballast, fs.statSync(ballast).size - room);
    await failsOnce(checkpointer, { position: endOf(1), value: 2, weights }, 'ENOSPC');
    assert.equal(await newest(reopened()), 1, 'the checkpoint before is there');
  }
  fs.rmSync(ballast);
  await save(checkpointer, { position: endOf(1), value: 2, weights });
  assert.equal(await newest(reopened()), 2, 'with room again, saving goes on');
}

async function survivesReadOnly(folder, weights, toggle) {
  const run = path.join(folder, 'run');
  const checkpointer = checkpointerOn(nodeFileSystem, {}, run);
  await save(checkpointer, { position: endOf(0), value: 1, best: true, weights });
  toggle();
  await failsOnce(checkpointer, { position: endOf(1), value: 2, weights }, /EROFS|EACCES/);
  assert.equal(await newest(checkpointerOn(nodeFileSystem, {}, run)), 1, 'the checkpoint before is there');
  toggle();
  await save(checkpointer, { position: endOf(1), value: 2, weights });
  assert.equal(await newest(checkpointerOn(nodeFileSystem, {}, run)), 2, 'once writable, saving goes on');
}

async function survivesDevFull() {
  await inTemporaryFolder(async (folder) => {
    let full = false;
    const files = {
      ...nodeFileSystem,
      open: (file, flags) => nodeFileSystem.open(full && flags === 'w' ? '/dev/full' : file, flags),
    };
    const checkpointer = checkpointerOn(files, {}, folder);
    await save(checkpointer, { position: endOf(0), value: 1, best: true });
    full = true;
    await failsOnce(checkpointer, { position: endOf(1), value: 2 }, 'ENOSPC');
    assert.equal(await newest(checkpointerOn(files, {}, folder)), 1);
  });
}

async function survivesNoPermission() {
  await inTemporaryFolder((folder) => {
    let mode = 0o700;
    const chmodAll = () => {
      mode ^= 0o200;
      const folders = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isDirectory());
      for (const { parentPath, name } of folders) fs.chmodSync(path.join(parentPath, name), mode);
    };
    return survivesReadOnly(folder, 2, chmodAll);
  });
}

/** A save that fails with one error that says so, and with no warning. */
async function failsOnce(checkpointer, saving, code) {
  const errors = [];
  const collect = (error) => errors.push(error);
  const warnings = await warningsOf(async () => {
    await startSaving(checkpointer, saving).catch(collect);
    await checkpointer.flush().catch(collect);
  });
  assert.deepEqual(warnings, []);
  assert.equal(errors.length, 1, `expected one error, not: ${errors.join('; ')}`);
  assert.equal(errors[0].code, 'X_CHECKPOINT');
  assert.match(errors[0].message, new RegExp(code));
}

async function onTmpfs(size, skip, name, run) {
  await inTemporaryFolder(async (folder) => {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { encoding: 'utf8' });
    if (mounted.status !== 0) {
      skip(name, `no tmpfs can be mounted: ${(mounted.stderr || String(mounted.error)).trim()}`);
      return;
    }
    try {
      await run(folder);
    } finally {
      spawnSync('umount', [folder]);
    }
  });
}

/** From writable to read-only, and back. */
function remount(folder) {
  const [, , , options] = fs
    .readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, mountPoint]) => mountPoint === folder);
  const to = options.split(',').includes('ro') ? 'rw' : 'ro';
  const { status, stderr } = spawnSync('mount', ['-o', `remount,${to}`, folder], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

/** Writes until there is no room. */
function fill(file, size) {
  const handle = fs.openSync(file, 'w');
  try {
    for (let written = 0; written < size; written += KIB) fs.writeSync(handle, new Uint8Array(KIB));
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error;
  } finally {
    fs.closeSync(handle);
  }
}

const sizeOf = (folder) =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + fs.statSync(path.join(parentPath, name)).size, 0);
