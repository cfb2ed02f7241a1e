import { CheckpointError, CheckpointStore } from '@x/trainer-core';

import { CheckpointArchive } from './archive.js';
import { RunningDigest } from './digest.js';

/** Notes what is deleted; nothing can be written. */
class Full extends CheckpointStore {
  readonly events: string[] = [];

  override async put(): Promise<void> {
    throw new CheckpointError('X_CHECKPOINT', 'the disk is full');
  }

  override async delete(): Promise<void> {
    this.events.push('deleted');
  }

  override async list(): Promise<string[]> {
    return [];
  }

  override async get(): Promise<Uint8Array> {
    return this.put() as never;
  }

  override async commit(): Promise<void> {
    return this.put();
  }
}

test('a checkpoint that cannot be written is removed once nothing is done for it any more', async () => {
  const store = new Full();
  jest.spyOn(RunningDigest.prototype, 'add').mockImplementation(() => void store.events.push('hashed'));
  const files = {
    'training_state.json': new Uint8Array(12 << 20),
    'training_state.safetensors': new Uint8Array(0),
    'model_state.safetensors': new Uint8Array(0),
  };
  const about = { savedAt: 0, startedAt: 0, best: false, metrics: {} };
  const added = new CheckpointArchive(store).add({ epoch: 0, batchesThisEpoch: 0, batchNumTotal: 1 }, files, about);
  await expect(added).rejects.toThrow('the disk is full');
  expect(store.events.lastIndexOf('hashed')).toBe(store.events.indexOf('deleted') - 1);
  expect(store.events.filter((event) => event === 'hashed').length).toBeGreaterThanOrEqual(3);
});
