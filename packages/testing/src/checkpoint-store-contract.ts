import assert from 'node:assert/strict';

import type { CheckpointStore } from '@x/trainer-core';
import { CheckpointError } from '@x/trainer-core';

import type { TestRunner } from './runner.js';
import { inTemporaryFolder } from './temporary-folder.js';

/** A store to be tested. */
export interface CheckpointStoreSubject {
  readonly name: string;
  /**
   * Makes a store for a name that was not used before (a temporary folder's), which is empty; a second one for that name
   * finds what the first one stored.
   */
  readonly make: (folder: string) => CheckpointStore;
}

/** What every checkpoint store must do: give back the bytes of what was committed, and say so when it cannot. */
export function checkpointStoreContract({ describe, it }: TestRunner, { name, make }: CheckpointStoreSubject): void {
  const withPlace = (test: (open: () => CheckpointStore) => Promise<void>): Promise<void> =>
    inTemporaryFolder((folder) => test(() => make(folder)));

  describe(`${name}: checkpoint store`, () => {
    it('has nothing before the first file', () =>
      withPlace(async (open) => {
        assert.deepEqual(await open().list(), []);
      }));

    it('gives back, to another store of the same place, what was put and committed: empty, small and large', () =>
      withPlace(async (open) => {
        const files: Files = { 'a/empty': bytes(0), 'a/small': bytes(1), 'a/large': bytes(300_001) };
        await save(open(), files, 'a/manifest.json');
        await assertHolds(open(), { ...files, 'a/manifest.json': MANIFEST });
      }));

    it('keeps one checkpoint while another is given up beside it', () =>
      withPlace(async (open) => {
        await save(open(), { 'a/x': bytes(3) }, 'a/manifest.json');
        const store = open();
        await store.put('b/x', bytes(4));
        await store.delete('b/manifest.json');
        await store.delete('b/x');
        await assertHolds(open(), { 'a/x': bytes(3), 'a/manifest.json': MANIFEST });
      }));

    it('takes two checkpoints in turns', () =>
      withPlace(async (open) => {
        const store = open();
        await store.put('all/a/x', bytes(1));
        await store.put('all/b/x', bytes(2));
        await store.put('all/a/y', bytes(3));
        await store.commit('all/b/manifest.json', MANIFEST);
        await store.commit('all/a/manifest.json', MANIFEST);
        const files = { 'all/a/x': bytes(1), 'all/a/y': bytes(3), 'all/b/x': bytes(2) };
        await assertHolds(open(), { ...files, 'all/a/manifest.json': MANIFEST, 'all/b/manifest.json': MANIFEST });
      }));

    it('deletes nothing of a save that is under way but what it is told to', () =>
      withPlace(async (open) => {
        const store = open();
        await store.put('all/a/x', bytes(1));
        await store.delete('all/b/y');
        await store.put('all/a/z', bytes(2));
        await store.delete('all/a/never');
        await store.delete('all/a/z');
        await store.put('all/a/y', bytes(3));
        await store.commit('all/a/manifest.json', MANIFEST);
        await assertHolds(open(), { 'all/a/x': bytes(1), 'all/a/y': bytes(3), 'all/a/manifest.json': MANIFEST });
      }));

    it('lists no manifest before its commit, nor any name that nobody gave', () =>
      withPlace(async (open) => {
        const store = open();
        await store.put('a/x', bytes(1));
        for (const path of await store.list()) assert.equal(path, 'a/x');
      }));

    it('takes up a save in which another store was cut off', () =>
      withPlace(async (open) => {
        await open().put('a/x', bytes(500));
        await save(open(), { 'a/x': bytes(5) }, 'a/manifest.json');
        await assertHolds(open(), { 'a/x': bytes(5), 'a/manifest.json': MANIFEST });
      }));

    it('replaces a pointer at the root, and has it once', () =>
      withPlace(async (open) => {
        for (const size of [40, 2, 0, 20]) {
          await open().commit('latest.json', bytes(size));
          await assertHolds(open(), { 'latest.json': bytes(size) });
        }
      }));

    it('lets a file be put again before the commit: the last one counts', () =>
      withPlace(async (open) => {
        const store = open();
        await store.put('a/x', bytes(500));
        await save(store, { 'a/x': bytes(5) }, 'a/manifest.json');
        await assertHolds(open(), { 'a/x': bytes(5), 'a/manifest.json': MANIFEST });
      }));

    it('takes names of all kinds and depths', () =>
      withPlace(async (open) => {
        const names = [
          'deep/er/and/deeper',
          'dots.2',
          '..dots',
          'sp ace',
          'plus+',
          'per%20cent',
          'ümlaut',
          'a&b',
          "quo'te",
        ];
        const files = Object.fromEntries(names.map((part, i) => [`checkpoints/${part}/x`, bytes(i)]));
        for (const [path, content] of Object.entries(files)) await open().commit(path, content);
        await assertHolds(open(), files);
      }));

    it('holds many files', () =>
      withPlace(async (open) => {
        const store = open();
        const files = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`a/${i}`, bytes(i)]));
        await Promise.all(Object.entries(files).map(([path, content]) => store.put(path, content)));
        await store.commit('a/manifest.json', MANIFEST);
        await assertHolds(open(), { ...files, 'a/manifest.json': MANIFEST });
      }));

    it('deletes one file, and what is not there without complaint', () =>
      withPlace(async (open) => {
        await save(open(), { 'a/x': bytes(1), 'a/xy': bytes(2) }, 'a/manifest.json');
        await open().delete('a/manifest.json');
        await open().delete('a/x');
        await open().delete('a/x');
        await open().delete('never/was');
        await assertHolds(open(), { 'a/xy': bytes(2) });
        await open().delete('a/xy');
        assert.deepEqual(await open().list(), []);
      }));

    it('deletes what was put and never committed, also for a store that did not put it', () =>
      withPlace(async (open) => {
        await open().put('a/x', bytes(9));
        await open().delete('a/x');
        assert.deepEqual(await open().list(), []);
        const store = open();
        await store.put('a/z', bytes(9));
        await store.delete('a/z');
        await save(store, { 'a/y': bytes(1) }, 'a/manifest.json');
        await assertHolds(open(), { 'a/y': bytes(1), 'a/manifest.json': MANIFEST });
      }));

    it('names the file that is missing, and does not call it damaged', () =>
      withPlace(async (open) => {
        await assert.rejects(open().get('a/missing'), isError('X_CHECKPOINT', /a\/missing/));
        await open().commit('a/manifest.json', MANIFEST);
        await assert.rejects(open().get('a/missing'), isError('X_CHECKPOINT', /a\/missing/));
        await assert.rejects(open().get('a'), isError('X_CHECKPOINT', /a/));
      }));

    it('refuses paths that lead out of its place', () =>
      withPlace(async (open) => {
        const store = open();
        for (const path of ['../x', 'a/../../x', '..', '/x/../../y']) {
          const refused = isError('X_CHECKPOINT', /path/);
          await assert.rejects(store.put(path, bytes(1)), refused);
          await assert.rejects(store.commit(path, bytes(1)), refused);
          await assert.rejects(store.get(path), refused);
          await assert.rejects(store.delete(path), refused);
        }
        assert.deepEqual(await open().list(), []);
      }));

    it('gives the whole file piece by piece, in order, or no piece', () =>
      withPlace(async (open) => {
        await open().commit('x', bytes(200_000));
        const pieces: Uint8Array[] = [];
        const onChunk = (chunk: Uint8Array): void => void pieces.push(chunk.slice());
        assertSame(await open().get('x', { bytes: 200_000, onChunk }), bytes(200_000), 'x');
        if (pieces.length > 0) assertSame(Buffer.concat(pieces), bytes(200_000), 'the pieces of x');
      }));

    it('calls a file of another size damaged, or leaves that to the reader', () =>
      withPlace(async (open) => {
        await open().commit('x', bytes(10));
        for (const expected of [0, 9, 11, 2 ** 40]) {
          const result = await open()
            .get('x', { bytes: expected })
            .catch((error: unknown) => error);
          if (result instanceof Uint8Array) assertSame(result, bytes(10), 'x');
          else assert.ok(isError('X_CHECKPOINT_CORRUPT', /x/)(result));
        }
      }));

    it('takes no hold of what it is given and gives', () =>
      withPlace(async (open) => {
        const store = open();
        const content = bytes(100);
        await store.commit('x', content);
        assertSame(content, bytes(100), 'the content that was stored');
        content.fill(0);
        (await store.get('x')).fill(0);
        assertSame(await store.get('x'), bytes(100), 'x');
      }));

    it('says how a worker builds it, in values that reach one, or that none can', () =>
      withPlace(async (open) => {
        const recipe = open().recipe();
        assert.equal(JSON.stringify(structuredClone(recipe)), JSON.stringify(recipe));
      }));

    it('knows how much room there is, or that it does not', () =>
      withPlace(async (open) => {
        const free = await open().freeBytes();
        assert.ok(free === null || (Number.isInteger(free) && free >= 0), `${free} bytes are free`);
      }));
  });
}

type Files = Readonly<Record<string, Uint8Array>>;

const MANIFEST = new TextEncoder().encode('{ "files": {} }\n');

/** As many bytes, of all values, that depend on how many they are. */
function bytes(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8) + size) % 256);
}

async function save(store: CheckpointStore, files: Files, manifest: string): Promise<void> {
  for (const [path, content] of Object.entries(files)) await store.put(path, content);
  await store.commit(manifest, MANIFEST);
}

async function assertHolds(store: CheckpointStore, files: Files): Promise<void> {
  assert.deepEqual((await store.list()).sort(), Object.keys(files).sort());
  for (const [path, content] of Object.entries(files)) assertSame(await store.get(path), content, path);
}

function assertSame(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.ok(Buffer.from(actual).equals(Buffer.from(expected)), `${what} is not what was stored`);
}

function isError(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof CheckpointError && error.code === code && message.test(error.message);
}
