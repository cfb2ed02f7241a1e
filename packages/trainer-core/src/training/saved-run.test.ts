import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { HalfAverage, LineModel, weightsOf } from '../__fixtures__/small-run.js';
import { CheckpointError, StateError } from '../errors.js';
import { ParameterSet } from '../state/parameters.js';
import type { StateDict, Stateful } from '../state/state-dict.js';
import type { CheckpointState } from '../contracts/trainer.js';
import { withLog } from '../log.js';
import type { ModelLike } from '../contracts/model.js';
import type { MovingAverage } from '../contracts/moving-average.js';
import { restoreInto, snapshot } from './saved-run.js';
import type { SavedRun, StatefulParts } from './saved-run.js';

/** A part whose state is one number. */
class Counter implements Stateful {
  constructor(public count: number) {}

  stateDict(): StateDict {
    return { count: this.count };
  }

  loadStateDict({ count }: StateDict): void {
    if (Number(count) < 0) throw new StateError('X_STATE_MISMATCH', 'a count is not negative');
    this.count = Number(count);
  }
}

function run(model: ModelLike, parts: StatefulParts = {}, movingAverage: MovingAverage | null = null): SavedRun {
  return { model, movingAverage, parts, record: null };
}

function warningsOf(act: () => void): string[] {
  const warnings: string[] = [];
  withLog({ info: () => undefined, warn: (text) => void warnings.push(text) }, act);
  return warnings;
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
  const saved = snapshot(run(model, { average }, average));
  // half way from [0.5, -0.25], 0
  expect([...saved.modelState['w']!.dataSync(), ...saved.modelState['b']!.dataSync()]).toEqual([1.5, 0.75, 4]);

  assign(model, [9, 9], 9);
  average.apply();
  restoreInto(run(model, { average }, average), saved);
  expect(weightsOf(model)).toEqual([2.5, 1.75, 8]);
  expect([...average.shadows.get('w')!.dataSync()]).toEqual([1.5, 0.75]);
  saved.dispose();
});

it('an average that the checkpoint does not know is refused, and starts from the restored weights if it goes on anyway', () => {
  const model = new LineModel();
  const average = new HalfAverage(ParameterSet.of(model.namedVariables()));
  assign(model, [2, 3], 4);
  const saved = snapshot(run(model));
  assign(model, [9, 9], 9);
  const averaged = run(model, { average }, average);
  expect(() => restoreInto(averaged, saved)).toThrow(/average: this run has it, the checkpoint does not/);
  expect(weightsOf(model)).toEqual([9, 9, 9]);
  expect([...average.shadows.get('w')!.dataSync()]).toEqual([0.5, -0.25]);
  expect(warningsOf(() => restoreInto(averaged, saved, 'anyway'))).toEqual([
    'going on although the checkpoint differs: average: this run has it, the checkpoint does not',
  ]);
  expect([...average.shadows.get('w')!.dataSync(), ...average.shadows.get('b')!.dataSync()]).toEqual([2, 3, 4]);
  saved.dispose();
});

it('a snapshot does not change when training goes on, and frees what it holds', () => {
  const model = new LineModel();
  const before = tf.memory().numTensors;
  const saved = snapshot(run(model));
  assign(model, [9, 9], 9);
  expect([...saved.modelState['w']!.dataSync()]).toEqual([0.5, -0.25]);
  saved.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

it('parts are restored by key', () => {
  const model = new LineModel();
  const saved = snapshot(run(model, { a: new Counter(1), b: new Counter(2), c: null }));
  const parts = { a: new Counter(0), b: new Counter(0), c: null };
  restoreInto(run(model, parts), saved);
  expect([parts.a.count, parts.b.count]).toEqual([1, 2]);
  saved.dispose();
});

describe('a checkpoint with other parts', () => {
  const model = new LineModel();
  const differing = (): { saved: CheckpointState; parts: Record<string, Counter> } => {
    assign(model, [2, 3], 4);
    const saved = snapshot(run(model, { a: new Counter(1), gone: new Counter(2), broken: new Counter(-1) }));
    assign(model, [0, 0], 0);
    return { saved, parts: { a: new Counter(5), broken: new Counter(6), added: new Counter(7) } };
  };
  const counts = ({ a, broken, added }: Record<string, Counter>): unknown[] => [a!.count, broken!.count, added!.count];

  it('is refused with all that differs, and nothing is changed', () => {
    const { saved, parts } = differing();
    const before = tf.memory().numTensors;
    const restore = (): void => restoreInto(run(model, parts), saved);
    expect(restore).toThrow(CheckpointError);
    for (const line of [
      'broken: a count is not negative',
      'added: this run has it, the checkpoint does not',
      'gone: the checkpoint has it, this run does not',
    ]) {
      expect(restore).toThrow(line);
    }
    expect(weightsOf(model)).toEqual([0, 0, 0]);
    expect(counts(parts)).toEqual([5, 6, 7]);
    expect(tf.memory().numTensors).toBe(before);
    saved.dispose();
  });

  it('gives what fits where the run goes on anyway', () => {
    const { saved, parts } = differing();
    expect(warningsOf(() => restoreInto(run(model, parts), saved, 'anyway'))).toHaveLength(3);
    expect(weightsOf(model)).toEqual([2, 3, 4]);
    expect(counts(parts)).toEqual([1, 6, 7]);
    saved.dispose();
  });

  it('gives its weights alone where only they are wanted', () => {
    const { saved, parts } = differing();
    expect(warningsOf(() => restoreInto(run(model, parts), saved, 'weights'))).toEqual([
      'only the weights of the checkpoint are taken: everything else begins anew',
    ]);
    expect(weightsOf(model)).toEqual([2, 3, 4]);
    expect(counts(parts)).toEqual([5, 6, 7]);
    saved.dispose();
  });
});

it.each([
  ['a newer version', { version: 3 }, /format version 3, this release reads versions 1 to 2; a newer release saved it/],
  ['no version', { version: null }, /"version" of kind number, but has null/],
  ['no raw weights', { rawParameters: 3 }, /"rawParameters" of kind object/],
])('%s is refused, and the model stays as it is', (_, change, message) => {
  const model = new LineModel();
  const { modelState, trainingState } = snapshot(run(model));
  assign(model, [3, 4], 5);
  const restore = (): void => restoreInto(run(model), { modelState, trainingState: { ...trainingState, ...change } });
  expect(restore).toThrow(CheckpointError);
  expect(restore).toThrow(message);
  expect(weightsOf(model)).toEqual([3, 4, 5]);
});

it('weights that do not fit are all named, and nothing is taken', () => {
  const model = new LineModel();
  const { trainingState } = snapshot(run(model));
  const modelState = { w: tf.zeros([3, 1]), extra: tf.zeros([1]) };
  const restore = (): void => restoreInto(run(model), { modelState, trainingState });
  expect(restore).toThrow(/"w" has shape \[3,1\], expected \[2,1\]; "b" is missing; "extra" is not in the model/);
  expect(weightsOf(model)).toEqual([0.5, -0.25, 0]);
});

it('weights of another type are refused', () => {
  const model = new LineModel();
  const { trainingState } = snapshot(run(model));
  const modelState = { w: tf.zeros([2, 1], 'int32'), b: tf.zeros([1]) };
  expect(() => restoreInto(run(model), { modelState, trainingState })).toThrow(/"w" is int32, expected float32/);
  expect(weightsOf(model)).toEqual([0.5, -0.25, 0]);
});

it('buffers are saved and restored with the weights, but never averaged', () => {
  const model = new LineModel();
  const count = tf.tidy(() => tf.variable(tf.scalar(3), false));
  const buffered = Object.assign(model, { namedBuffers: () => ({ count }) });
  const average = new HalfAverage(ParameterSet.of(model.namedVariables()));
  const saved = snapshot(run(buffered, { average }, average));
  tf.tidy(() => count.assign(tf.scalar(9)));
  expect(saved.modelState['count']!.dataSync()[0]).toBe(3);
  restoreInto(run(buffered, { average }, average), saved);
  expect(count.dataSync()[0]).toBe(3);
  saved.dispose();
});
