import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'local-store-'))));
afterEach(() => rm(folder, { recursive: true }));

test('what is written can be read, listed and removed', async () => {
  const store = new LocalStore({}, folder);
  await store.put('a/b/c.bin', text('one'));
  await store.put('d', text('two'));
  await store.put('d', text('three'));
  expect(Buffer.from(await store.get('a/b/c.bin')).toString()).toBe('one');
  expect(Buffer.from(await store.get('d')).toString()).toBe('three');
  expect((await store.list()).sort()).toEqual(['a/b/c.bin', 'd']);
  await store.delete('a/b/c.bin');
  await store.delete('never/was');
  expect(await store.list()).toEqual(['d']);
  expect(await readdir(join(folder, 'a'))).toEqual([]);
});

test('a folder that does not exist yet is an empty store', async () => {
  expect(await new LocalStore({}, join(folder, 'later')).list()).toEqual([]);
});

test('only files are listed: no links, and nothing that is still being written', async () => {
  const store = new LocalStore({}, folder);
  await store.put('real', text('x'));
  await symlink(join(folder, 'real'), join(folder, 'link'));
  await writeFile(join(folder, 'torn.partial'), 'x');
  expect(await store.list()).toEqual(['real']);
});

test('removing a file also removes what an interrupted write left of it', async () => {
  await mkdir(join(folder, 'sub'));
  await writeFile(join(folder, 'sub', 'torn.partial'), 'x');
  await new LocalStore({}, folder).delete('sub/torn');
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
