import { CheckpointError, CheckpointStore } from '@x/trainer-core';

/** Files in memory: what a killed run has left. It has the one rule of stores in the simplest way. */
export class MemoryStore extends CheckpointStore {
  files = new Map();
  staged = new Map();

  async put(path, content) {
    this.staged.set(path, content.slice());
  }

  async get(path) {
    const content = this.files.get(path);
    if (content === undefined) throw new CheckpointError('X_CHECKPOINT', `there is no ${path} in the memory`);
    return content.slice();
  }

  async list() {
    return [...this.files.keys()];
  }

  async delete(path) {
    this.files.delete(path);
    this.staged.delete(path);
  }

  async commit(path, manifest) {
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    for (const [staged, content] of this.staged) {
      if (!staged.startsWith(folder)) continue;
      this.files.set(staged, content);
      this.staged.delete(staged);
    }
    this.files.set(path, manifest.slice());
  }

  /** Another store with the same files, as another process would find them. */
  copy() {
    return Object.assign(new MemoryStore(), { files: new Map(this.files) });
  }
}
