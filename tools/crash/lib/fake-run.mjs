import assert from 'node:assert/strict';

import * as tf from '@tensorflow/tfjs-core';
import { DefaultCheckpointer, LocalStore } from '@x/checkpoint';
import { CheckpointState, disposeState, withLog } from '@x/trainer-core';

export const RUN_FOLDER = '/run';

export const endOf = (epoch) => ({ epoch, batchesThisEpoch: 0, batchNumTotal: 100 * (epoch + 1) });
export const within = (epoch, step) => ({ epoch, batchesThisEpoch: step, batchNumTotal: 100 * epoch + step });

/** A run whose whole state is one number, in as many weights as are wanted. */
export const fakeRun = (value, weights = 2) => ({
  getCheckpointState: () =>
    new CheckpointState(
      { w: tf.fill([weights], value) },
      { value, optimizer: { 'w.1': { expAvg: tf.scalar(value / 2) } } },
    ),
});

/** A checkpointer in a folder of a file system, which writes in this thread. */
export const checkpointerOn = (files, options = {}, folder = RUN_FOLDER) =>
  new DefaultCheckpointer({ ...options, store: new LocalStore({}, folder, undefined, files) });

/** Saves the state of a fake run, without waiting until it is on disk. */
export const startSaving = (checkpointer, { position, value, best = false, weights }) =>
  checkpointer.saveCheckpoint(fakeRun(value, weights), position, best);

/** Saves the state of a fake run, until it is on disk. */
export async function save(checkpointer, saving) {
  await startSaving(checkpointer, saving);
  await checkpointer.flush();
}

/** The number in the newest checkpoint, or null, after a look at all of its parts. */
export async function newest(checkpointer) {
  const restored = await checkpointer.restoreCheckpoint();
  if (restored === null) return null;
  const { modelState, trainingState } = restored;
  const { value, optimizer } = trainingState;
  const [least, most] = [tf.min(modelState.w), tf.max(modelState.w)].map((extreme) => extreme.arraySync());
  assert.deepEqual([least, most], [value, value], 'the weights are of this checkpoint');
  assert.equal(optimizer['w.1'].expAvg.arraySync(), value / 2, 'the state of the optimizer is of this checkpoint');
  tf.dispose(modelState);
  disposeState(trainingState);
  return value;
}

/** The number in the best weights, or null. */
export async function best(checkpointer) {
  const weights = await checkpointer.bestModelState();
  if (weights === null) return null;
  const [value, same] = weights.w.arraySync();
  assert.equal(value, same);
  tf.dispose(weights);
  return value;
}

/** What is warned of while something runs. */
export async function warningsOf(run) {
  const warnings = [];
  await withLog({ info: () => undefined, warn: (message) => warnings.push(message) }, run);
  return warnings;
}
