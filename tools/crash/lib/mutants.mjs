import { LocalStore } from '@x/checkpoint';
import { CheckpointStore } from '@x/trainer-core';

import { RUN_FOLDER } from './fake-run.mjs';

/** Stores, each of which lacks one thing that makes a save safe. */
export const mutants = {
  'does not sync files': (files) => localStore(withoutSync(files, 'w')),
  'does not sync folders': (files) => localStore(withoutSync(files, 'r')),
  'commits the manifest first': (files) => new ManifestFirst(localStore(files)),
};

const localStore = (files) => new LocalStore({}, RUN_FOLDER, undefined, files);

/** A file system that does not sync what was opened with these flags. */
const withoutSync = (files, mutated) =>
  new Proxy(files, {
    get(target, name) {
      const call = target[name];
      if (typeof call !== 'function') return call;
      if (name !== 'open') return call.bind(target);
      return async (path, flags) => {
        const file = await target.open(path, flags);
        return flags === mutated ? { ...file, sync: async () => undefined } : file;
      };
    },
  });

class ManifestFirst extends CheckpointStore {
  waiting = [];

  constructor(inner) {
    super();
    this.inner = inner;
  }

  async put(...file) {
    this.waiting.push(file);
  }

  async commit(path, manifest) {
    await this.inner.commit(path, manifest);
    for (const file of this.waiting.splice(0)) await this.inner.put(...file);
  }

  get(...args) {
    return this.inner.get(...args);
  }

  list() {
    return this.inner.list();
  }

  delete(path) {
    return this.inner.delete(path);
  }
}
