import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';
import type { StateDict } from '../state/state-dict.js';
import type { TensorMap } from './batch.js';
import type { MetricValues } from './metric.js';
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

/** A checkpoint that is on disk. */
export interface SavedCheckpoint extends CheckpointPosition {
  readonly isBestSoFar: boolean;
}

/**
 * Saves and finds the state of training. The master calls it; all workers restore.
 *
 * A checkpoint exists when its manifest does, and that is written last: what a crash leaves of a save is no checkpoint.
 */
export abstract class Checkpointer {
  static readonly kind: string = 'checkpointer';
  static readonly defaultName: string = 'default';
  static readonly register: Register<Checkpointer> = registerFor('checkpointer');

  private acknowledged: SavedCheckpoint[] = [];

  /** Whether it has a place to save to. Default: it has. */
  get hasPlace(): boolean {
    return true;
  }

  /**
   * Saves completely or not at all, and as the best weights too when `isBestSoFar`. It resolves when the state is copied and
   * the save before this one is on disk; the writing may go on beside the training, see {@link flush}.
   *
   * @param metrics the validation metrics of the epoch that ended, where there are any.
   * @throws CheckpointError if it cannot, or the save before could not; earlier checkpoints are untouched.
   */
  abstract saveCheckpoint(
    trainer: Checkpointable,
    position: CheckpointPosition,
    isBestSoFar?: boolean,
    metrics?: Readonly<MetricValues>,
  ): Promise<void>;

  /**
   * Told before the first step about how many bytes a checkpoint takes, to see whether there is room. Default: there is.
   *
   * @throws CheckpointError (`X_CHECKPOINT_NO_SPACE`) if not even one fits.
   */
  async checkSpace(_bytes: number): Promise<void> {
    return undefined;
  }

  /** Called after every step: saves if the checkpointer's own rule says that it is time. */
  abstract maybeSaveCheckpoint(trainer: Checkpointable, position: CheckpointPosition): Promise<boolean>;

  /** The newest checkpoint, or null if there is none. */
  abstract restoreCheckpoint(): Promise<RestoredCheckpoint | null>;

  /**
   * Told after a restore of which only the weights are taken: the run begins at its first step again. What is stored is of
   * an earlier run then, which the next save takes the place of, once it is on disk. Default: nothing, for a checkpointer
   * that goes by the time of a save and not by its position.
   */
  beginAnew(): void {
    return undefined;
  }

  /** The best weights saved so far, or null. */
  abstract bestModelState(): Promise<TensorMap | null>;

  /**
   * Resolves when all that was saved is on disk, and frees what saving took. Called at the end of a run, however it ends;
   * saving may go on afterwards. Nothing to do for a checkpointer whose saves are on disk when they resolve.
   *
   * @throws CheckpointError if a save failed that was not reported yet.
   */
  async flush(): Promise<void> {
    return undefined;
  }

  /** The checkpoints that came to be on disk since this was last asked, in order: `onCheckpoint` is told of them. */
  takeAcknowledged(): readonly SavedCheckpoint[] {
    const taken = this.acknowledged;
    this.acknowledged = [];
    return taken;
  }

  /** A checkpointer calls this for every checkpoint, once it is on disk. */
  protected acknowledge({ epoch, batchesThisEpoch, batchNumTotal }: CheckpointPosition, isBestSoFar: boolean): void {
    this.acknowledged.push({ epoch, batchesThisEpoch, batchNumTotal, isBestSoFar });
  }
}
