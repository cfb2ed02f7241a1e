import { StateError } from '../errors.js';
import { Progress } from './progress.js';

const where = ({ epoch, batchesThisEpoch, batchNumTotal }: Progress): number[] => [
  epoch,
  batchesThisEpoch,
  batchNumTotal,
];

/** Two steps in epoch 0, two groups in epoch 1 of which one step was skipped. */
function midEpoch(): Progress {
  const progress = new Progress();
  progress.groupDone(true);
  progress.groupDone(true);
  progress.epochDone();
  progress.nextEpoch();
  progress.groupDone(false);
  progress.groupDone(true);
  return progress;
}

it('counts groups in the epoch, and committed steps in all', () => {
  expect(where(midEpoch())).toEqual([1, 2, 3]);
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
