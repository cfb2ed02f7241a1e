import { DataLoader } from '../contracts/data-loader.js';
import type { Resumability } from '../contracts/data-loader.js';
import { DataPosition } from './data-position.js';
import { Progress } from './progress.js';

class Source extends DataLoader {
  constructor(override readonly resumability: Resumability) {
    super();
  }

  override length(): null {
    return null;
  }

  override async *epoch(): AsyncGenerator<never> {}
}

function position(resumability: Resumability, state: Partial<Progress>): DataPosition {
  return new DataPosition(new Source(resumability), Object.assign(new Progress(), state), 4);
}

it('counts the batches of the epoch that are trained on, and starts the next epoch at its first', () => {
  expect(position('seekable', { epoch: 2, batchesThisEpoch: 3 }).stateDict()).toEqual({ epoch: 2, batch: 12 });
  const finished = position('seekable', { epoch: 2, batchesThisEpoch: 3, epochFinished: true });
  expect(finished.stateDict()).toEqual({ epoch: 3, batch: 0 });
});

it.each<[Resumability, number, boolean]>([
  ['seekable', 12, true],
  ['replayable', 12, true],
  ['once', 0, true],
  ['once', 12, false],
])('a %s source after %d batches of an epoch can go on exactly: %s', (resumability, batch, canGoOn) => {
  const load = (): void => position(resumability, {}).loadStateDict({ epoch: 1, batch });
  if (canGoOn) expect(load).not.toThrow();
  else expect(load).toThrow('yields its data once, and the run was stopped after 12 batches of epoch 1');
});
