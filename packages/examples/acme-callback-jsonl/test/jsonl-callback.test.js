import '@tensorflow/tfjs';
import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { GradientDescentTrainer, ParameterSet } from '@x/trainer-core';
import {
  InMemoryCheckpointer,
  MomentumDescent,
  temporaryFolder,
  tinyRegression,
  trainerCallbackContract,
} from '@x/testing';

import { JsonlCallback } from 'acme-callback-jsonl';

trainerCallbackContract({ describe, it }, { name: 'jsonl', make: () => new JsonlCallback({ everySteps: 2 }) });

/** Runs something in a folder that is removed afterwards. */
async function inTemporaryFolder(run) {
  const folder = await temporaryFolder();
  try {
    await run(folder.path);
  } finally {
    await folder.remove();
  }
}

/** Trains on five batches, so five steps an epoch. */
async function train(folder, { numEpochs, callback, checkpointer = null }) {
  const model = tinyRegression();
  const optimizer = new MomentumDescent({ lr: 0.1 }, ParameterSet.of(model.namedVariables()));
  try {
    await new GradientDescentTrainer({
      model,
      optimizer,
      dataLoader: model.batches,
      numEpochs,
      serializationDir: folder,
      checkpointer,
      callbacks: [callback],
    }).train();
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

async function linesOf(folder, file = 'history.jsonl') {
  const text = await readFile(join(folder, file), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const places = (lines) =>
  lines.map(({ epoch, step, metrics }) => [epoch, step, metrics === undefined ? 'step' : 'epoch']);

describe('jsonl', () => {
  it('writes a line after each epoch', () =>
    inTemporaryFolder(async (folder) => {
      await train(folder, { numEpochs: 3, callback: new JsonlCallback({ file: 'epochs.jsonl' }) });
      const lines = await linesOf(folder, 'epochs.jsonl');
      assert.deepEqual(places(lines), [
        [0, 5, 'epoch'],
        [1, 10, 'epoch'],
        [2, 15, 'epoch'],
      ]);
      assert.equal(typeof lines[2].metrics.training_loss, 'number');
    }));

  it('writes a line after every so many steps, counted over epochs', () =>
    inTemporaryFolder(async (folder) => {
      await train(folder, { numEpochs: 2, callback: new JsonlCallback({ everySteps: 4 }) });
      const lines = await linesOf(folder);
      assert.deepEqual(places(lines), [
        [0, 4, 'step'],
        [0, 5, 'epoch'],
        [1, 8, 'step'],
        [1, 10, 'epoch'],
      ]);
      assert.deepEqual(lines[0].learningRates, [0.1]);
    }));

  it('drops the lines after the checkpoint that a run goes on from, and one that was cut off', () =>
    inTemporaryFolder(async (folder) => {
      const checkpointer = new InMemoryCheckpointer();
      await train(folder, { numEpochs: 1, callback: new JsonlCallback(), checkpointer });
      await appendFile(join(folder, 'history.jsonl'), '{"epoch":1,"step":7,"seconds":1}\n{"epoch":1,"st');
      await train(folder, { numEpochs: 2, callback: new JsonlCallback(), checkpointer });
      assert.deepEqual(places(await linesOf(folder)), [
        [0, 5, 'epoch'],
        [1, 10, 'epoch'],
      ]);
    }));

  it('counts the seconds of training on from a saved state', () => {
    const callback = new JsonlCallback();
    callback.loadStateDict({ seconds: 12.5 });
    assert.deepEqual(callback.stateDict(), { seconds: 12.5 });
  });

  it('refuses options that it does not have', () => {
    assert.throws(() => new JsonlCallback({ everyStep: 2 }), /everyStep/);
  });
});
