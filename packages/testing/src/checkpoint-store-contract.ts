import assert from 'node:assert/strict';
import type { CheckpointStore } from '@x/trainer-core';

import type { TestRunner } from './runner.js';
import { inTemporaryFolder } from './temporary-folder.js';

/** A store to be tested. */
export interface CheckpointStoreSubject {
  readonly name: string;
  /** Makes an empty one for a name that was not used before (a temporary folder's); a second one of that name sees the same. */
  readonly make: (folder: string) => CheckpointStore | Promise<CheckpointStore>;
}

/** What every store must do, so that a checkpoint exists when its manifest does and not before. */
export function checkpointStoreContract({ describe, it }: TestRunner, { name, make }: CheckpointStoreSubject): void {
  const withStore =
    (use: (store: CheckpointStore, reopen: () => Promise<CheckpointStore>) => Promise<void>) => (): Promise<void> =>
      inTemporaryFolder(async (folder) => use(await make(folder), async () => make(folder)));

  describe(`${name}: checkpoint store`, () => {
    it(
      'is empty at first',
      withStore(async (store) => assert.deepEqual(await store.list(), [])),
    );

    it(
      'gives back what was committed, to others, too',
      withStore(async (store, reopen) => {
        await store.put('all/one/weights', bytes(1, 2, 3));
        await store.put('all/one/empty', bytes());
        await store.commit('all/one/manifest', bytes(4));
        for (const reader of [store, await reopen()]) {
          assert.deepEqual((await reader.list()).sort(), ['all/one/empty', 'all/one/manifest', 'all/one/weights']);
          assert.deepEqual([...(await reader.get('all/one/weights'))], [1, 2, 3]);
          assert.deepEqual([...(await reader.get('all/one/empty'))], []);
          assert.deepEqual([...(await reader.get('all/one/manifest'))], [4]);
        }
      }),
    );

    it(
      'does not list a manifest before its commit, nor any name that nobody gave',
      withStore(async (store) => {
        await store.put('all/one/weights', bytes(1));
        assert.deepEqual(
          (await store.list()).filter((path) => path !== 'all/one/weights'),
          [],
        );
      }),
    );

    it(
      'replaces a pointer',
      withStore(async (store, reopen) => {
        await store.commit('pointer.json', bytes(1));
        await store.commit('pointer.json', bytes(2, 3));
        assert.deepEqual([...(await (await reopen()).get('pointer.json'))], [2, 3]);
        assert.deepEqual(await store.list(), ['pointer.json']);
      }),
    );

    it(
      'keeps one checkpoint while another is made beside it, and after it was given up',
      withStore(async (store, reopen) => {
        await store.put('all/one/weights', bytes(1));
        await store.commit('all/one/manifest', bytes(1));
        await store.put('all/two/weights', bytes(2));
        await store.delete('all/two/manifest');
        await store.delete('all/two/weights');
        assert.deepEqual((await (await reopen()).list()).sort(), ['all/one/manifest', 'all/one/weights']);
      }),
    );

    it(
      'takes up a save that another one was cut off in',
      withStore(async (store, reopen) => {
        await store.put('all/one/weights', bytes(1));
        const next = await reopen();
        await next.put('all/one/weights', bytes(2));
        await next.commit('all/one/manifest', bytes(3));
        assert.deepEqual([...(await store.get('all/one/weights'))], [2]);
      }),
    );

    it(
      'deletes file by file, and again without complaint',
      withStore(async (store) => {
        await store.put('all/one/weights', bytes(1));
        await store.commit('all/one/manifest', bytes(2));
        await store.delete('all/one/manifest');
        assert.deepEqual(await store.list(), ['all/one/weights']);
        await store.delete('all/one/weights');
        await store.delete('all/one/weights');
        await store.delete('never/was');
        assert.deepEqual(await store.list(), []);
      }),
    );

    it(
      'names what is missing',
      withStore(async (store) => {
        await assert.rejects(store.get('all/gone'), { name: 'CheckpointError', code: 'X_CHECKPOINT', message: /gone/ });
      }),
    );

    it(
      'hands out a content piece by piece, completely or not at all',
      withStore(async (store) => {
        const content = Uint8Array.from({ length: 10_000 }, (_, i) => i % 251);
        await store.put('all/one/weights', content);
        await store.commit('all/one/manifest', bytes(1));
        const seen: number[] = [];
        const got = await store.get('all/one/weights', { bytes: 10_000, onChunk: (chunk) => seen.push(...chunk) });
        assert.deepEqual(got.length, content.length);
        assert.equal(Buffer.compare(got, content), 0);
        if (seen.length > 0) assert.equal(Buffer.compare(Uint8Array.from(seen), content), 0);
      }),
    );

    it(
      'gives contents that are the caller’s',
      withStore(async (store) => {
        await store.commit('pointer.json', bytes(1));
        (await store.get('pointer.json')).fill(9);
        assert.deepEqual([...(await store.get('pointer.json'))], [1]);
      }),
    );

    it(
      'can be built again from its recipe, if it has one',
      withStore(async (store) => {
        const recipe = store.recipe();
        if (recipe !== null) assert.equal(JSON.stringify(structuredClone(recipe)), JSON.stringify(recipe));
        const free = await store.freeBytes();
        assert.ok(free === null || free >= 0);
      }),
    );
  });
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
