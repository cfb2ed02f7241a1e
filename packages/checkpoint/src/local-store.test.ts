import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { checkpointStoreContract } from '@x/testing';
import {
  ConfigDir,
  RunContainer,
  Registry,
  SerializationDir,
  CheckpointStore,
  tokenOf,
  ComponentSpec,
} from '@x/trainer-core';

import type { FileSystem } from './file-system.js';
import { nodeFileSystem } from './file-system.js';
import { LocalStore } from './local-store.js';
import plugin from './plugin.js';
import { allDropped, ModelFileSystem } from './testing.js';

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'local-store-'))));
afterEach(() => rm(folder, { recursive: true }));

checkpointStoreContract({ describe, it: test }, { name: 'LocalStore', make: (root) => new LocalStore({}, root) });

test('a checkpoint appears as a folder at once, and nothing else is left', async () => {
  const store = new LocalStore({}, folder);
  await store.put('all/one/weights', text('w'));
  expect(await readdir(join(folder, 'all'))).toEqual(['one.x-partial']);
  await store.commit('all/one/manifest', text('m'));
  expect(await readdir(join(folder, 'all'))).toEqual(['one']);
  expect((await readdir(join(folder, 'all', 'one'))).sort()).toEqual(['manifest', 'weights']);
});

test('what a crash left staged goes with the next save, and only files right in it', async () => {
  await mkdir(join(folder, 'all', 'torn.x-partial', 'deep'), { recursive: true });
  await writeFile(join(folder, 'all', 'torn.x-partial', 'weights'), 'x');
  await writeFile(join(folder, 'all', 'torn.x-partial', 'deep', 'notes'), 'mine');
  await mkdir(join(folder, 'all', 'two.x-partial'));
  await writeFile(join(folder, 'all', 'two.x-partial', 'weights'), 'x');
  const store = new LocalStore({}, folder);
  await store.put('all/one/weights', text('w'));
  await store.commit('all/one/manifest', text('m'));
  expect((await readdir(join(folder, 'all'))).sort()).toEqual(['one', 'torn.x-partial']);
  expect(await readdir(join(folder, 'all', 'torn.x-partial'))).toEqual(['deep']);
});

/** All folders above one. */
const above = (path: string): string[] => (dirname(path) === path ? [] : [dirname(path), ...above(dirname(path))]);

test('files are flushed before their folder, that before it is renamed, and then the folder above', async () => {
  const calls: string[] = [];
  const note = (what: string, path: string): number => calls.push(`${what} ${path.slice(folder.length + 1)}`);
  const files: FileSystem = {
    ...nodeFileSystem,
    async open(path, flags) {
      const file = await nodeFileSystem.open(path, flags);
      const sync = async (): Promise<void> => {
        note('sync', path);
        await file.sync();
      };
      return { ...file, sync };
    },
    async rename(from, to) {
      note('rename', from);
      await nodeFileSystem.rename(from, to);
    },
  };
  const store = new LocalStore({}, folder, undefined, files);
  await store.put('all/one/weights', text('w'));
  await store.commit('all/one/manifest', text('m'));
  expect(calls).toEqual([
    'sync ', // which got the folder "all"
    ...above(folder).map(() => 'sync '), // whoever made the folder
    'sync all/one.x-partial/weights',
    'sync all/one.x-partial/manifest',
    'sync all/one.x-partial',
    'rename all/one.x-partial',
    'sync all',
  ]);
});

test('the folder of a run that somebody else has just made survives a crash, with all above it', async () => {
  const files = new ModelFileSystem();
  await files.makeFolder('/home/runs/first');
  const store = new LocalStore({}, '/home/runs/first', undefined, files);
  await store.put('all/one/weights', text('w'));
  await store.commit('all/one/manifest', text('m'));
  const found = files.crash(files.moments, allDropped);
  expect(await new LocalStore({}, '/home/runs/first', undefined, found).list()).toEqual([
    'all/one/weights',
    'all/one/manifest',
  ]);
});

test('where the folders above may not be read, it stores all the same; where the disk fails there, it does not', async () => {
  const closed = (code: string): FileSystem => ({
    ...nodeFileSystem,
    async open(path, flags) {
      if (folder.startsWith(path) && path !== folder) throw Object.assign(new Error(code), { code });
      return nodeFileSystem.open(path, flags);
    },
  });
  await expect(new LocalStore({}, folder, undefined, closed('EIO')).put('a/x', text('x'))).rejects.toThrow('EIO');
  const store = new LocalStore({}, folder, undefined, closed('EACCES'));
  await store.put('a/x', text('x'));
  await store.commit('a/manifest', text('m'));
  expect((await store.list()).sort()).toEqual(['a/manifest', 'a/x']);
});

test('it says how much can still be written, also where its folder is not made yet', async () => {
  expect(await new LocalStore({}, join(folder, 'not', 'yet')).freeBytes()).toBeGreaterThan(0);
  const { freeBytes: _, ...silent } = nodeFileSystem;
  expect(await new LocalStore({}, folder, undefined, silent).freeBytes()).toBeNull();
});

test('another thread can build it if it is on the disk and nobody has extended it', () => {
  class Extended extends LocalStore {}
  expect(new LocalStore({}, folder).recipe()).toMatchObject({ name: 'LocalStore', options: { folder } });
  expect(new Extended({}, folder).recipe()).toBeNull();
  expect(new LocalStore({}, folder, undefined, { ...nodeFileSystem }).recipe()).toBeNull();
});

test('a folder that does not exist yet is an empty store', async () => {
  expect(await new LocalStore({}, join(folder, 'later')).list()).toEqual([]);
});

test('only files are listed: no links, and nothing that is still being written', async () => {
  const store = new LocalStore({}, folder);
  await store.commit('real', text('x'));
  await symlink(join(folder, 'real'), join(folder, 'link'));
  await writeFile(join(folder, 'torn.x-partial'), 'x');
  await store.put('all/one/weights', text('w'));
  expect(await store.list()).toEqual(['real']);
});

test('deleting a file also deletes what an interrupted write left of it', async () => {
  await mkdir(join(folder, 'sub.x-partial'));
  await writeFile(join(folder, 'sub.x-partial', 'torn'), 'x');
  await writeFile(join(folder, 'torn.x-partial'), 'x');
  const store = new LocalStore({}, folder);
  await store.delete('sub/torn');
  await store.delete('torn');
  expect(await readdir(folder)).toEqual([]);
});

test.each(['../outside', '/etc/passwd', 'a/../../outside', '.', ''])('the path "%s" is refused', async (path) => {
  const store = new LocalStore({}, folder);
  for (const call of [store.put(path, text('x')), store.get(path), store.delete(path)]) {
    await expect(call).rejects.toMatchObject({
      code: 'X_CHECKPOINT',
      message: expect.stringContaining('outside of the folder'),
    });
  }
});

test('a missing file is named', async () => {
  await expect(new LocalStore({}, folder).get('gone')).rejects.toMatchObject({
    code: 'X_CHECKPOINT',
    message: `${join(folder, 'gone')} could not be read: there is no such file`,
  });
});

test.each([
  ['EACCES', 'give the process the right to it, or choose another folder'],
  ['EROFS', 'give the process the right to it, or choose another folder'],
  ['ENOSPC', 'keep fewer checkpoints (numSerializedModelsToKeep)'],
  ['EIO', 'EIO: simulated'],
])('%s says what to do, and leaves the old file', async (code, advice) => {
  const store = new LocalStore({}, folder);
  await store.put('file', text('old'));
  const failing: FileSystem = {
    ...nodeFileSystem,
    rename: () => Promise.reject(Object.assign(new Error(`${code}: simulated`), { code })),
  };
  await expect(new LocalStore({}, folder, undefined, failing).put('file', text('new'))).rejects.toMatchObject({
    code: 'X_CHECKPOINT',
    message: expect.stringContaining(advice),
  });
  expect(await readFile(join(folder, 'file'), 'utf8')).toBe('old');
  expect(await readdir(folder)).toEqual(['file']);
});

test('a file where the folder should be is an error', async () => {
  await writeFile(join(folder, 'taken'), '');
  await expect(new LocalStore({ folder: join(folder, 'taken') }).put('file', text('x'))).rejects.toMatchObject({
    code: 'X_CHECKPOINT',
  });
});

test('without any folder it cannot be made', () => {
  expect(() => new LocalStore({}, null)).toThrow('folder: is required, because the run has no serialization folder');
});

test('in a config it is found as "local", with its folder beside the config file', async () => {
  const registry = new Registry([plugin]);
  const run = new RunContainer(registry);
  run.provide(SerializationDir, join(folder, 'run'));
  run.provide(ConfigDir, folder);
  const registration = registry.find('checkpointStore', 'local')!;
  run.provideComponent(CheckpointStore, new ComponentSpec<CheckpointStore>(registration, { folder: 'elsewhere' }));
  await run.get(tokenOf(CheckpointStore)).put('file', text('x'));
  expect(await readdir(join(folder, 'elsewhere'))).toEqual(['file']);
});
