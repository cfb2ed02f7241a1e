import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { HalfAverage, LineModel, weightsOf } from '../__fixtures__/small-run.js';
import { CheckpointError } from '../errors.js';
import { ParameterSet } from '../state/parameters.js';
import type { StateDict, Stateful } from '../state/state-dict.js';
import { restoreInto, snapshot } from './saved-run.js';

/** A part whose state is one number. */
class Counter implements Stateful {
  constructor(public count: number) {}

  stateDict(): StateDict {
    return { count: this.count };
  }

  loadStateDict({ count }: StateDict): void {
    this.count = Number(count);
  }
}

function assign(model: LineModel, w: readonly [number, number], b: number): void {
  tf.tidy(() => {
    model.w.assign(tf.tensor2d([[w[0]], [w[1]]]));
    model.b.assign(tf.tensor1d([b]));
  });
}

it('with an average the saved weights are the averages, the raw ones stand beside, and a resume has both again', () => {
  const model = new LineModel();
  const average = new HalfAverage(ParameterSet.of(model.namedVariables()));
  assign(model, [2.5, 1.75], 8);
  average.apply();
  const saved = snapshot(model, average, { average });
  // half way from [0.5, -0.25], 0
  expect([...saved.modelState['w']!.dataSync(), ...saved.modelState['b']!.dataSync()]).toEqual([1.5, 0.75, 4]);

  assign(model, [9, 9], 9);
  average.apply();
  restoreInto(model, average, { average }, saved);
  expect(weightsOf(model)).toEqual([2.5, 1.75, 8]);
  expect([...average.shadows.get('w')!.dataSync()]).toEqual([1.5, 0.75]);
  saved.dispose();
});

it('an average that the checkpoint does not know starts from the restored weights', () => {
  const model = new LineModel();
  const average = new HalfAverage(ParameterSet.of(model.namedVariables()));
  assign(model, [2, 3], 4);
  const saved = snapshot(model, null, {});
  assign(model, [9, 9], 9);
  restoreInto(model, average, { average }, saved);
  expect([...average.shadows.get('w')!.dataSync(), ...average.shadows.get('b')!.dataSync()]).toEqual([2, 3, 4]);
  saved.dispose();
});

it('a snapshot does not change when training goes on, and frees what it holds', () => {
  const model = new LineModel();
  const before = tf.memory().numTensors;
  const saved = snapshot(model, null, {});
  assign(model, [9, 9], 9);
  expect([...saved.modelState['w']!.dataSync()]).toEqual([0.5, -0.25]);
  saved.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

it('parts are restored by key; one that is off, or that the checkpoint does not know, stays as it is', () => {
  const model = new LineModel();
  const saved = snapshot(model, null, { a: new Counter(1), b: null });
  const parts = { a: new Counter(0), b: new Counter(2), c: null };
  restoreInto(model, null, parts, saved);
  expect([parts.a.count, parts.b.count]).toEqual([1, 2]);
  saved.dispose();
});

it.each([
  ['another version', { version: 2 }, /version 2, this release reads version 1/],
  ['no version', { version: null }, /"version" of kind number, but has null/],
  ['no raw weights', { rawParameters: 3 }, /"rawParameters" of kind object/],
])('%s is refused, and the model stays as it is', (_, change, message) => {
  const model = new LineModel();
  const { modelState, trainingState } = snapshot(model, null, {});
  assign(model, [3, 4], 5);
  const restore = (): void =>
    restoreInto(model, null, {}, { modelState, trainingState: { ...trainingState, ...change } });
  expect(restore).toThrow(CheckpointError);
  expect(restore).toThrow(message);
  expect(weightsOf(model)).toEqual([3, 4, 5]);
});

it('weights that do not fit are all named, and nothing is taken', () => {
  const model = new LineModel();
  const { trainingState } = snapshot(model, null, {});
  const modelState = { w: tf.zeros([3, 1]), extra: tf.zeros([1]) };
  const restore = (): void => restoreInto(model, null, {}, { modelState, trainingState });
  expect(restore).toThrow(/"w" has shape \[3,1\], expected \[2,1\]; "b" is missing; "extra" is not in the model/);
  expect(weightsOf(model)).toEqual([0.5, -0.25, 0]);
});

it('weights of another type are refused', () => {
  const model = new LineModel();
  const { trainingState } = snapshot(model, null, {});
  const modelState = { w: tf.zeros([2, 1], 'int32'), b: tf.zeros([1]) };
  expect(() => restoreInto(model, null, {}, { modelState, trainingState })).toThrow(/"w" is int32, expected float32/);
  expect(weightsOf(model)).toEqual([0.5, -0.25, 0]);
});

it('buffers are saved and restored with the weights, but never averaged', () => {
  const model = new LineModel();
  const count = tf.tidy(() => tf.variable(tf.scalar(3), false));
  const buffered = Object.assign(model, { namedBuffers: () => ({ count }) });
  const average = new HalfAverage(ParameterSet.of(model.namedVariables()));
  const saved = snapshot(buffered, average, { average });
  tf.tidy(() => count.assign(tf.scalar(9)));
  expect(saved.modelState['count']!.dataSync()[0]).toBe(3);
  restoreInto(buffered, average, { average }, saved);
  expect(count.dataSync()[0]).toBe(3);
  saved.dispose();
});
