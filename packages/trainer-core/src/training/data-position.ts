import type { DataLoader } from '../contracts/data-loader.js';
import { StateError } from '../errors.js';
import { readState } from '../state/state-dict.js';
import type { StateDict, Stateful } from '../state/state-dict.js';
import type { Progress } from './progress.js';

/** Where a run is in its data: which epoch, and how many of its batches are trained on. Prefetched ones are not. */
export class DataPosition implements Stateful {
  constructor(
    private readonly dataLoader: DataLoader,
    private readonly progress: Progress,
    private readonly batchesInStep: number,
  ) {}

  stateDict(): StateDict {
    const { epoch, batchesThisEpoch, epochFinished } = this.progress;
    return epochFinished ? { epoch: epoch + 1, batch: 0 } : { epoch, batch: batchesThisEpoch * this.batchesInStep };
  }

  /**
   * The progress says it all; what is left is whether the loader can go there.
   *
   * @throws StateError (`X_STATE_MISMATCH`) in the middle of an epoch of data that come only once.
   */
  loadStateDict(state: StateDict): void {
    const batch = readState(state, 'batch', 'number');
    if (this.dataLoader.resumability !== 'once' || batch === 0) return;
    throw new StateError(
      'X_STATE_MISMATCH',
      `the data loader yields its data once, and the run was stopped after ${batch} batches of epoch ` +
        `${readState(state, 'epoch', 'number')}: they cannot be passed over. Only the end of an epoch is exact with such data`,
    );
  }
}
