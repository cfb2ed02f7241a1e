import { BatchCallback, EpochCallback } from '../contracts/callbacks.js';
import type { StateDict } from '../state/state-dict.js';
import { CallbackStates } from './callback-states.js';

class Counts extends EpochCallback {
  constructor(public count = 0) {
    super();
  }

  override onEpoch(): void {}

  override stateDict(): StateDict {
    return { count: this.count };
  }

  override loadStateDict({ count }: StateDict): void {
    this.count = Number(count);
  }
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

it('saves those callbacks that have a state by class name, and numbers a class that is used twice', () => {
  const states = new CallbackStates([new Stateless(), new Counts(1), new Half(), new Counts(2), new Counts(3)]);
  expect(states.stateDict()).toEqual({ Counts: { count: 1 }, 'Counts#2': { count: 2 }, 'Counts#3': { count: 3 } });
});

it('restores each its own; a callback that was not there starts fresh, and one that is gone is left out', () => {
  const [first, second, third] = [new Counts(), new Counts(), new Counts(7)];
  new CallbackStates([first, second, third]).loadStateDict({
    Counts: { count: 1 },
    'Counts#2': { count: 2 },
    Gone: { anything: true },
  });
  expect([first.count, second.count, third.count]).toEqual([1, 2, 7]);
});
