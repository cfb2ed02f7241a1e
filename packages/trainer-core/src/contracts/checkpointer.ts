import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';
import type { StateDict } from '../state/state-dict.js';
import type { TensorMap } from './batch.js';
import type { CheckpointState } from './trainer.js';

/** What a checkpointer saves from: any trainer, through this method alone. */
export interface Checkpointable {
  getCheckpointState(): CheckpointState;
}

/** Where in the training a checkpoint is taken. */
export interface CheckpointPosition {
  /** The epoch that just ended, or is under way. 0-based. */
  readonly epoch: number;
  /** Optimizer steps made in an unfinished epoch; 0 at the end of an epoch. */
  readonly batchesThisEpoch: number;
  /** Optimizer steps made in all. */
  readonly batchNumTotal: number;
}

/** A checkpoint that was read. Its tensors are the caller's. */
export interface RestoredCheckpoint {
  readonly modelState: TensorMap;
  readonly trainingState: StateDict;
}

/** Saves and finds the state of training. The master calls it; all workers restore. */
export abstract class Checkpointer {
  static readonly kind: string = 'checkpointer';
  static readonly defaultName: string = 'default';
  static readonly register: Register<Checkpointer> = registerFor('checkpointer');

  /**
   * Saves now, completely or not at all, and as the best weights too when `isBestSoFar`.
   *
   * @throws CheckpointError if it cannot; earlier checkpoints are untouched.
   */
  abstract saveCheckpoint(trainer: Checkpointable, position: CheckpointPosition, isBestSoFar?: boolean): Promise<void>;

  /** Called after every step: saves if the checkpointer's own rule says that it is time. */
  abstract maybeSaveCheckpoint(trainer: Checkpointable, position: CheckpointPosition): Promise<boolean>;

  /** The newest checkpoint, or null if there is none. */
  abstract restoreCheckpoint(): Promise<RestoredCheckpoint | null>;

  /** The best weights saved so far, or null. */
  abstract bestModelState(): Promise<TensorMap | null>;
}
