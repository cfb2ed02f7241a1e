import '@tensorflow/tfjs';
import { SingleProcess } from '@x/trainer-core';

import { communicatorContract, contractReport } from './index.js';

communicatorContract({ describe, it }, { name: 'SingleProcess', make: () => [new SingleProcess()] });

/** Two workers that never talk. */
class Deaf extends SingleProcess {
  override readonly worldSize: number = 2;
  override readonly isMaster: boolean = true;

  constructor(override readonly rank: number) {
    super();
  }
}

it('finds workers that do not talk', async () => {
  const { failed } = await contractReport((runner) =>
    communicatorContract(runner, { name: 'deaf', make: () => [new Deaf(0), new Deaf(1)] }),
  );
  expect(Object.keys(failed)).toEqual([
    'numbers the workers, and makes exactly one of them the master',
    'puts the mean of all workers in place of their numbers',
    'gives every worker the sums, and leaves what was given',
    'goes on only if every worker does',
    'lets nobody past a barrier before all have come',
  ]);
});
