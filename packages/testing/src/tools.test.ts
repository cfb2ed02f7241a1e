import '@tensorflow/tfjs';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';

import {
  contractReport,
  expectNoLeak,
  fromHost,
  RecordingCallback,
  temporaryFolder,
  tinyRegression,
  toHost,
} from './index.js';
import { trainTinyRegression } from './tiny-run.js';

describe('expectNoLeak', () => {
  it('returns what was returned', async () => {
    expect(await expectNoLeak(() => tf.tidy(() => tf.scalar(2).dataSync()[0]))).toBe(2);
  });

  it('tells of tensors that were left, and of ones that were freed', async () => {
    const kept: tf.Tensor[] = [];
    await expect(expectNoLeak(async () => kept.push(tf.scalar(1), tf.scalar(2)))).rejects.toThrow(
      '2 tensors were left behind',
    );
    await expect(expectNoLeak(() => tf.dispose(kept))).rejects.toThrow('2 tensors that existed before were freed');
  });

  it('passes an error on as it is', async () => {
    const error = new RangeError('of its own');
    await expect(expectNoLeak(() => Promise.reject(error))).rejects.toBe(error);
  });
});

test('a report tells what passed and what failed', async () => {
  const report = await contractReport(({ describe: group, it: test }) =>
    group('suite', () => {
      test('good', async () => undefined);
      test('bad', () => Promise.reject(new RangeError('wrong')));
    }),
  );
  expect(report).toEqual({ passed: ['good'], failed: { bad: new RangeError('wrong') } });
});

test('a temporary folder is there until it is removed', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder.path, 'file'), 'content');
  await folder.remove();
  await expect(access(folder.path)).rejects.toThrow('ENOENT');
});

test('host values come back as they were', () =>
  expectNoLeak(async () => {
    const state = { a: tf.tensor2d([[1, NaN]]), b: [tf.scalar(true, 'bool'), null, 'text', -0] };
    const host = await toHost(state);
    tf.dispose([state.a, state.b[0] as tf.Tensor]);
    const again = fromHost(host);
    expect(await toHost(again)).toEqual(host);
    tf.dispose(again as tf.TensorContainer);
  }));

test('the tiny regression is solved by its weights, 2, -1 and 0.5', () =>
  expectNoLeak(async () => {
    const model = tinyRegression();
    tf.tidy(() => {
      model.weight.assign(tf.tensor2d([2, -1], [2, 1]));
      model.bias.assign(tf.tensor1d([0.5]));
      for (const batch of model.batches) {
        expect(model.forward(batch, { training: true })['loss']!.dataSync()[0]).toBeCloseTo(0, 10);
      }
    });
    model.dispose();
  }));

test('a recording has the hooks in the order that their contract gives', async () => {
  const callback = new RecordingCallback();
  await expectNoLeak(() => trainTinyRegression({ callbacks: [callback], numEpochs: 1 }));
  const step = ['onStepStart', 'onMicroBatchEnd', 'onGradients', 'onStepEnd'];
  expect(callback.hooks).toEqual([
    ...['onRunStart', 'onEpochStart'],
    ...Array.from({ length: 5 }, () => step).flat(),
    ...['onEvaluateStart', 'onEvaluateBatch', 'onEvaluateBatch', 'onEvaluateEnd'],
    ...['onEpochEnd', 'onCheckpoint', 'onRunEnd'],
  ]);
  expect(callback.losses).toHaveLength(5);
});
