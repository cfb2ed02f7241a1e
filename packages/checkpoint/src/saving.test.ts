import '@tensorflow/tfjs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs-core';
import type { Checkpointable, CheckpointPosition } from '@x/trainer-core';
import { CheckpointError, CheckpointState, disposeState, withLog } from '@x/trainer-core';

import { DefaultCheckpointer } from './default-checkpointer.js';
import { LocalStore } from './local-store.js';

const run: Checkpointable = {
  getCheckpointState: () => new CheckpointState({ w: tf.tensor1d([1, 2]) }, { optimizer: { m: tf.scalar(3) } }),
};
const endOf = (epoch: number): CheckpointPosition => ({ epoch, batchesThisEpoch: 0, batchNumTotal: 10 * (epoch + 1) });
const within = (epoch: number, step: number): CheckpointPosition => ({
  epoch,
  batchesThisEpoch: step,
  batchNumTotal: 10 * epoch + step,
});

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'saving-'))));
afterEach(() => rm(folder, { recursive: true }));

const stored = async (): Promise<string[]> => (await readdir(join(folder, 'checkpoints'))).sort();

/** A store whose commits of checkpoints wait until they are let through, or fail. */
class Gate extends LocalStore {
  broken = false;
  private open: (() => void) | null = null;

  override async commit(path: string, manifest: Uint8Array): Promise<void> {
    if (this.broken) throw new CheckpointError('X_CHECKPOINT', 'the disk is gone');
    if (path.includes('/')) await new Promise<void>((resolve) => (this.open = resolve));
    await super.commit(path, manifest);
  }

  async letThrough(): Promise<void> {
    while (this.open === null) await new Promise(setImmediate);
    this.open();
    this.open = null;
  }
}

async function warningsOf(act: () => Promise<unknown>): Promise<string[]> {
  const warnings: string[] = [];
  await withLog({ info: () => undefined, warn: (message) => warnings.push(message) }, act);
  return warnings;
}

describe('a save', () => {
  it('goes on beside the training, and the next one waits for it', async () => {
    const store = new Gate({}, folder);
    const checkpointer = new DefaultCheckpointer({ store });
    await checkpointer.saveCheckpoint(run, endOf(0));
    expect(checkpointer.takeAcknowledged()).toEqual([]);

    let isSecondCopied = false;
    const second = checkpointer.saveCheckpoint(run, endOf(1)).then(() => (isSecondCopied = true));
    for (let i = 0; i < 50; i += 1) await new Promise(setImmediate);
    expect(isSecondCopied).toBe(false);
    await store.letThrough();
    await second;
    expect(checkpointer.takeAcknowledged()).toEqual([{ ...endOf(0), isBestSoFar: false }]);

    const flushed = checkpointer.flush();
    await store.letThrough();
    await flushed;
    expect(checkpointer.takeAcknowledged()).toEqual([{ ...endOf(1), isBestSoFar: false }]);
    expect(await stored()).toEqual(['epoch_0', 'epoch_1']);
  });

  it('is waited for by who reads', async () => {
    const store = new Gate({}, folder);
    const checkpointer = new DefaultCheckpointer({ store });
    await checkpointer.saveCheckpoint(run, endOf(0), true);
    const best = checkpointer.bestModelState();
    await store.letThrough();
    const weights = (await best)!;
    expect(weights['w']!.arraySync()).toEqual([1, 2]);
    tf.dispose(weights);
  });

  it('holds no tensor once its state is copied', async () => {
    const before = tf.memory().numTensors;
    const store = new Gate({}, folder);
    const checkpointer = new DefaultCheckpointer({ store });
    await checkpointer.saveCheckpoint(run, endOf(0));
    expect(tf.memory().numTensors).toBe(before);
    await store.letThrough();
    await checkpointer.flush();
  });
});

describe('a save that fails', () => {
  const reporters: Record<string, (checkpointer: DefaultCheckpointer) => Promise<unknown>> = {
    saveCheckpoint: (checkpointer) => checkpointer.saveCheckpoint(run, endOf(2)),
    maybeSaveCheckpoint: async (checkpointer) => {
      // by then the failure is there
      await checkpointer.restoreCheckpoint().then((restored) => disposeState({ ...restored! }));
      await checkpointer.maybeSaveCheckpoint(run, within(2, 1));
    },
    flush: (checkpointer) => checkpointer.flush(),
  };

  async function failing(onSaveError: 'stop' | 'continue'): Promise<[DefaultCheckpointer, Gate]> {
    const store = new Gate({}, folder);
    const checkpointer = new DefaultCheckpointer({ store, onSaveError });
    await checkpointer.saveCheckpoint(run, endOf(0));
    await store.letThrough();
    await checkpointer.flush();
    checkpointer.takeAcknowledged();
    store.broken = true;
    await checkpointer.saveCheckpoint(run, endOf(1));
    return [checkpointer, store];
  }

  it.each(Object.entries(reporters))('is thrown once, by the next %s', async (_, report) => {
    const [checkpointer, store] = await failing('stop');
    await expect(report(checkpointer)).rejects.toMatchObject({ code: 'X_CHECKPOINT', message: 'the disk is gone' });
    store.broken = false;
    await checkpointer.flush();
    expect(checkpointer.takeAcknowledged()).toEqual([]);
    expect(await stored()).toEqual(['epoch_0']);
  });

  it.each([
    ['saveCheckpoint', endOf(2), 'epoch_2'],
    ['maybeSaveCheckpoint', within(2, 1), 'epoch_2_step_1'],
  ] as const)(
    'ends the training after %s has saved the present state, where that works again',
    async (name, at, saved) => {
      const [checkpointer, store] = await failing('stop');
      await checkpointer.restoreCheckpoint().then((restored) => disposeState({ ...restored! }));
      store.broken = false;
      const ended = expect(checkpointer[name](run, at)).rejects.toThrow('the disk is gone');
      await store.letThrough();
      await ended;
      expect(checkpointer.takeAcknowledged()).toEqual([{ ...at, isBestSoFar: false }]);
      expect(await stored()).toEqual(['epoch_0', saved]);
      await checkpointer.flush();
    },
  );

  it.each(Object.entries(reporters))('is warned of once by the next %s, where training goes on', async (_, report) => {
    const [checkpointer, store] = await failing('continue');
    const warnings = await warningsOf(() => report(checkpointer));
    expect(warnings).toContainEqual(
      expect.stringMatching(/^a checkpoint was not saved, and training goes on: the disk is gone;/),
    );
    await warningsOf(() => checkpointer.flush());
    store.broken = false;
    await checkpointer.saveCheckpoint(run, endOf(3));
    await store.letThrough();
    expect(await warningsOf(() => checkpointer.flush())).toEqual([]);
    expect(checkpointer.takeAcknowledged()).toEqual([{ ...endOf(3), isBestSoFar: false }]);
    expect(await stored()).toEqual(['epoch_0', 'epoch_3']);
  });
});

describe('what is kept and when', () => {
  it('saves after so many steps of the whole training', async () => {
    const checkpointer = new DefaultCheckpointer({ saveEveryNumSteps: 4, numSerializedModelsToKeep: null }, folder);
    for (const step of [1, 2, 3, 4]) await checkpointer.maybeSaveCheckpoint(run, within(0, step));
    for (const step of [1, 2, 3]) await checkpointer.maybeSaveCheckpoint(run, within(1, step));
    await checkpointer.flush();
    // of ten steps an epoch: step 4, and the second one of the second epoch is the 12th
    expect(await stored()).toEqual(['epoch_0_step_4', 'epoch_1_step_2']);
  });

  it('keeps the best by a metric, milestones, the newest, and the best weights', async () => {
    const losses = [5, 1, 4, 2, 3, Number.NaN, 6];
    const options = {
      numSerializedModelsToKeep: 1,
      keepBestByMetric: { metric: '-loss', count: 2 },
      keepEveryNumEpochs: 3,
    };
    for (const [epoch, loss] of losses.entries()) {
      // a process of its own each time
      const checkpointer = new DefaultCheckpointer(options, folder);
      await checkpointer.saveCheckpoint(run, endOf(epoch), epoch === 0, { loss, accuracy: 0 });
      await checkpointer.flush();
    }
    // 0: best weights, 1 and 3: losses, 2 and 5: every third, 6: newest
    expect(await stored()).toEqual(['epoch_0', 'epoch_1', 'epoch_2', 'epoch_3', 'epoch_5', 'epoch_6']);
  });

  it('says once that the validation has no such metric', async () => {
    const warnings: string[] = [];
    const checkpointer = new DefaultCheckpointer({ keepBestByMetric: { metric: '+acuracy' } }, folder);
    await withLog({ info: () => undefined, warn: (text) => void warnings.push(text) }, async () => {
      await checkpointer.saveCheckpoint(run, within(0, 1));
      for (const epoch of [0, 1])
        await checkpointer.saveCheckpoint(run, endOf(epoch), false, { loss: 1, accuracy: NaN });
      await checkpointer.flush();
    });
    expect(warnings).toEqual([expect.stringMatching(/no metric "acuracy"; it has accuracy, loss/)]);
  });

  it('a metric without a sign is refused', () => {
    expect(() => new DefaultCheckpointer({ keepBestByMetric: { metric: 'loss' } }, folder)).toThrow(
      expect.objectContaining({
        code: 'X_CONFIG_INVALID',
        message: expect.stringContaining('keepBestByMetric.metric'),
      }),
    );
  });
});

describe('sizes alone', () => {
  it('overlook a changed byte of a tensor, but not a missing one', async () => {
    const checkpointer = new DefaultCheckpointer({ verify: 'sizes' }, folder);
    await checkpointer.saveCheckpoint(run, endOf(0));
    await checkpointer.flush();
    const file = join(folder, 'checkpoints', 'epoch_0', 'model_state.safetensors');
    const bytes = await readFile(file);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(file, bytes);
    disposeState({ ...(await checkpointer.restoreCheckpoint())! });
    await writeFile(file, bytes.subarray(1));
    await expect(checkpointer.restoreCheckpoint()).rejects.toMatchObject({ code: 'X_CHECKPOINT_CORRUPT' });
  });
});

describe('pointers', () => {
  it('that a crash kept from being written are made good by the next process, also if it saves nothing', async () => {
    class Dying extends LocalStore {
      override async commit(path: string, manifest: Uint8Array): Promise<void> {
        if (!path.includes('/')) throw new CheckpointError('X_CHECKPOINT', 'killed');
        await super.commit(path, manifest);
      }
    }
    const dying = new DefaultCheckpointer({ store: new Dying({}, folder) });
    await dying.saveCheckpoint(run, endOf(0), true);
    await expect(dying.flush()).rejects.toThrow('killed');
    expect(await readdir(folder)).toEqual(['checkpoints']);

    await new DefaultCheckpointer({}, folder).flush();
    expect((await readdir(folder)).sort()).toEqual(['best.json', 'checkpoints', 'latest.json']);
  });
});
