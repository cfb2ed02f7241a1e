import { isMainThread } from 'node:worker_threads';

import { LocalStore } from '@x/checkpoint';

/** A store that ends the thread that writes to it. */
export class ExitingStore extends LocalStore {
  constructor(options) {
    super(options);
    this.options = options;
  }

  async put(path, content) {
    if (!isMainThread) process.exit(3);
    await super.put(path, content);
  }

  recipe() {
    return { module: import.meta.url, name: 'ExitingStore', options: this.options };
  }
}
