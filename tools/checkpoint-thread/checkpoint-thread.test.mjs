// That checkpoints are written by another thread, which only what is built has: tests in the packages run their sources.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import * as tf from '@tensorflow/tfjs';
import { DefaultCheckpointer } from '@x/checkpoint';
import { CheckpointState, disposeState } from '@x/trainer-core';

import { ExitingStore } from './exiting-store.mjs';

const endOf = (epoch) => ({ epoch, batchesThisEpoch: 0, batchNumTotal: epoch + 1 });

/** Large enough that a thread is worth its start. */
function runOf(value) {
  return {
    getCheckpointState: () =>
      new CheckpointState({ w: tf.fill([512, 512], value) }, { m: tf.fill([512, 512], -value) }),
  };
}

async function inFolder(use) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'checkpoint-thread-'));
  try {
    await use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

async function sumOfNewest(folder) {
  const restored = await new DefaultCheckpointer({}, folder).restoreCheckpoint();
  const sums = [restored.modelState.w, restored.trainingState.m].map((tensor) => tf.sum(tensor).dataSync()[0]);
  disposeState(restored.modelState);
  disposeState(restored.trainingState);
  return sums;
}

test('a checkpoint gets on disk while this thread does nothing but look for it', () =>
  inFolder(async (folder) => {
    const checkpointer = new DefaultCheckpointer({}, folder);
    await checkpointer.saveCheckpoint(runOf(1), endOf(0));
    const deadline = Date.now() + 60_000;
    while (!fs.existsSync(path.join(folder, 'latest.json')) && Date.now() < deadline);
    assert.ok(fs.existsSync(path.join(folder, 'latest.json')));
    await checkpointer.flush();
    assert.deepEqual(checkpointer.takeAcknowledged(), [{ ...endOf(0), isBestSoFar: false }]);
    assert.deepEqual(await sumOfNewest(folder), [2 ** 18, -(2 ** 18)]);
  }));

test('saves go on after a flush, in a new thread, and retention knows what the earlier one wrote', () =>
  inFolder(async (folder) => {
    const checkpointer = new DefaultCheckpointer({ numSerializedModelsToKeep: 1 }, folder);
    for (const epoch of [0, 1, 2]) {
      await checkpointer.saveCheckpoint(runOf(epoch), endOf(epoch), epoch === 0);
      if (epoch === 1) await checkpointer.flush();
    }
    await checkpointer.flush();
    assert.deepEqual(fs.readdirSync(path.join(folder, 'checkpoints')).sort(), ['epoch_0', 'epoch_2']);
  }));

test('what cannot be written is the error that the same save has in this thread', () =>
  inFolder(async (folder) => {
    fs.writeFileSync(path.join(folder, 'file'), '');
    const checkpointer = new DefaultCheckpointer({}, path.join(folder, 'file', 'run'));
    await checkpointer.saveCheckpoint(runOf(1), endOf(0));
    await assert.rejects(checkpointer.flush(), {
      name: 'CheckpointError',
      code: 'X_CHECKPOINT',
      message: /run.* could not be listed: /,
    });
  }));

test('a thread that dies is an error of the save', () =>
  inFolder(async (folder) => {
    const checkpointer = new DefaultCheckpointer({ store: new ExitingStore({ folder }) });
    for (const epoch of [0, 1]) {
      await checkpointer.saveCheckpoint(runOf(1), endOf(epoch));
      await assert.rejects(checkpointer.flush(), {
        name: 'CheckpointError',
        message: 'the thread that writes checkpoints ended: exit code 3',
      });
    }
    assert.equal(await checkpointer.restoreCheckpoint(), null);
  }));

test('a process that ends right after a save ends when it is written, and not later', () =>
  inFolder(async (folder) => {
    execFileSync(process.execPath, [path.join(import.meta.dirname, 'save-and-end.mjs'), folder], { timeout: 60_000 });
    assert.deepEqual(await sumOfNewest(folder), [2 ** 18, 2 ** 19]);
  }));
