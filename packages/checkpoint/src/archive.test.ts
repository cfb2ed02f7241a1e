import { CheckpointError, CheckpointStore } from '@x/trainer-core';

import { CheckpointArchive } from './archive.js';

/** Notes what happens; one file cannot be written. */
class Slow extends CheckpointStore {
  readonly events: string[] = [];

  override async put(path: string): Promise<void> {
    if (path.endsWith('training_state.json')) throw new CheckpointError('X_CHECKPOINT', 'the disk is full');
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    this.events.push('written');
  }

  override async delete(): Promise<void> {
    this.events.push('deleted');
  }

  override async list(): Promise<string[]> {
    return [];
  }

  override async get(): Promise<Uint8Array> {
    throw new CheckpointError('X_CHECKPOINT', 'there is nothing');
  }

  override async commit(): Promise<void> {
    this.events.push('committed');
  }
}

test('a checkpoint that cannot be written is removed once nothing of it is being written any more', async () => {
  const store = new Slow();
  const files = {
    'training_state.json': new Uint8Array(1),
    'training_state.safetensors': new Uint8Array(2),
    'model_state.safetensors': new Uint8Array(3),
  };
  const about = { savedAt: 0, startedAt: 0, best: false, metrics: {} };
  const added = new CheckpointArchive(store).add({ epoch: 0, batchesThisEpoch: 0, batchNumTotal: 1 }, files, about);
  await expect(added).rejects.toThrow('the disk is full');
  expect(store.events).toEqual(['written', 'written', 'deleted', 'deleted', 'deleted', 'deleted']);
});
