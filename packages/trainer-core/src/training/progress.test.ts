import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { StateError } from '../errors.js';
import { Progress } from './progress.js';

const where = ({ epoch, batchesThisEpoch, batchNumTotal }: Progress): number[] => [
  epoch,
  batchesThisEpoch,
  batchNumTotal,
];

/** Two batches, of three examples and of one. */
const group = [{ x: tf.zeros([3, 2]) }, { x: tf.zeros([1, 2]) }];

/** Two steps in epoch 0, two groups in epoch 1 of which one step was skipped. */
function midEpoch(): Progress {
  const progress = new Progress();
  progress.groupDone(group, true);
  progress.groupDone(group, true);
  progress.epochDone();
  progress.nextEpoch();
  progress.groupDone(group, false);
  progress.groupDone(group, true);
  return progress;
}

it('counts groups in the epoch, and committed steps in all', () => {
  expect(where(midEpoch())).toEqual([1, 2, 3]);
});

it('counts batches and examples, also those of skipped steps, and goes on with them', () => {
  const saved = midEpoch().stateDict();
  expect(saved).toMatchObject({ batchesTotal: 8, examplesTotal: 16 });
  const restored = new Progress();
  restored.loadStateDict(saved);
  expect(restored.stateDict()).toMatchObject({ batchesTotal: 8, examplesTotal: 16 });
});

it('goes on in the middle of an epoch, or with the next one', () => {
  const saved = midEpoch();
  const restored = new Progress();
  restored.loadStateDict(saved.stateDict());
  expect(where(restored)).toEqual([1, 2, 3]);
  saved.epochDone();
  restored.loadStateDict(saved.stateDict());
  expect(where(restored)).toEqual([2, 0, 3]);
  expect(restored.epochFinished).toBe(false);
});

it('refuses a state that lacks something, and keeps its own', () => {
  const progress = midEpoch();
  expect(() => progress.loadStateDict({ epoch: 9, batchesThisEpoch: 9, batchNumTotal: 9 })).toThrow(StateError);
  expect(where(progress)).toEqual([1, 2, 3]);
});
