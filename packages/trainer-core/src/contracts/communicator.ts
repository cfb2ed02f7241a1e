import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';

/** How the workers of a data-parallel run talk. Every worker makes the same calls in the same order. */
export abstract class Communicator {
  static readonly kind: string = 'communicator';
  static readonly register: Register<Communicator> = registerFor('communicator');

  /** This worker, 0-based. */
  abstract readonly rank: number;
  abstract readonly worldSize: number;

  /** The worker that writes files. */
  abstract readonly isMaster: boolean;

  /** The mean over workers of one flat vector, in place (gradients). */
  abstract allReduceMean(values: Float32Array): Promise<void>;

  /** The sums over workers (metric sums and counts). */
  abstract allReduceSum(values: Readonly<Record<string, number>>): Promise<Record<string, number>>;

  /** True if every worker says true: asked before each group of batches, and the epoch ends for all together. */
  abstract allContinue(goesOn: boolean): Promise<boolean>;

  /** Returns when every worker has come here. */
  abstract barrier(): Promise<void>;
}
