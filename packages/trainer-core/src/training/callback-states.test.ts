import { BatchCallback, EpochCallback } from '../contracts/callbacks.js';
import type { StateDict } from '../state/state-dict.js';
import { callbackStates } from './callback-states.js';

class Counts extends EpochCallback {
  override onEpoch(): void {}

  override stateDict(): StateDict {
    return {};
  }

  override loadStateDict(): void {}
}

class Stateless extends BatchCallback {
  override onBatch(): void {}
}

/** Says what it has, but cannot take it back. */
class Half extends Stateless {
  override stateDict(): StateDict {
    return { half: true };
  }
}

it('those callbacks that have a state are parts by class name, and a class that is used twice is numbered', () => {
  const [first, second, third] = [new Counts(), new Counts(), new Counts()];
  const states = callbackStates([new Stateless(), first, new Half(), second, third]);
  expect(Object.keys(states)).toEqual(['callbacks.Counts', 'callbacks.Counts#2', 'callbacks.Counts#3']);
  expect(Object.values(states)).toEqual([first, second, third]);
});
