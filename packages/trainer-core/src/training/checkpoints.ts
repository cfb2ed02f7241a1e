import * as tf from '@tensorflow/tfjs-core';

import type { Checkpointable, Checkpointer, CheckpointPosition } from '../contracts/checkpointer.js';
import type { Communicator } from '../contracts/communicator.js';
import type { MetricValues } from '../contracts/metric.js';
import type { ModelLike } from '../contracts/model.js';
import type { MovingAverage } from '../contracts/moving-average.js';
import type { Optimizer } from '../contracts/optimizer.js';
import type { ResumeMode } from '../contracts/trainer.js';
import { CheckpointError } from '../errors.js';
import { log } from '../log.js';
import { checkpointBytes } from './checkpoint-bytes.js';
import type { Hooks } from './hooks.js';
import { loadModelState } from './model-state.js';
import type { Progress } from './progress.js';
import { RememberedWeights } from './remembered-weights.js';
import { restoreInto } from './saved-run.js';
import type { SavedRun } from './saved-run.js';

export interface CheckpointsParts {
  /** Null: nothing is saved, and nothing is restored. */
  readonly checkpointer: Checkpointer | null;
  /** Whether the best weights are remembered where nothing is saved. */
  readonly remembersBest: boolean;
  readonly trainer: Checkpointable & { readonly isMaster: boolean };
  readonly communicator: Communicator;
  readonly hooks: Hooks;
  readonly model: ModelLike;
  readonly movingAverage: MovingAverage | null;
  readonly optimizer: Optimizer;
  readonly progress: Progress;
  readonly run: SavedRun;
}

/** The checkpoints of a run, with those who are told of them. */
export class Checkpoints {
  private readonly remembered = new RememberedWeights();
  /** What was last told to be on disk. */
  private stored: CheckpointPosition | null = null;

  constructor(private readonly parts: CheckpointsParts) {}

  /** Saves, completely, where the run is now. `metrics` are those of the validation, where an epoch ended with one. */
  async save(isBestSoFar: boolean, metrics: Readonly<MetricValues> | null = null): Promise<void> {
    const { checkpointer, remembersBest, trainer, communicator, progress } = this.parts;
    // an epoch of which no step is done is where the checkpoint before has left it
    if (progress.batchesThisEpoch === 0 && !progress.epochFinished) return;
    if (checkpointer === null) {
      if (isBestSoFar && remembersBest) this.remembered.remember(trainer);
      return;
    }
    if (trainer.isMaster) await checkpointer.saveCheckpoint(trainer, this.position(), isBestSoFar, metrics ?? {});
    await communicator.barrier();
    await this.announce();
  }

  /** Saves after a step if the checkpointer's own rule says so. */
  async maybeSave(): Promise<void> {
    const { checkpointer, trainer } = this.parts;
    if (checkpointer === null || !trainer.isMaster) return;
    await checkpointer.maybeSaveCheckpoint(trainer, this.position());
    await this.announce();
  }

  /** Resolves when everything is on disk, and the callbacks have been told. */
  async flush(): Promise<void> {
    const { checkpointer, trainer } = this.parts;
    if (checkpointer === null || !trainer.isMaster) return;
    try {
      await checkpointer.flush();
    } finally {
      await this.announce();
    }
  }

  /** At the end of training: every worker waits until everything is on disk. */
  async finish(): Promise<void> {
    await this.flush();
    await this.parts.communicator.barrier();
  }

  /** Before the first step: whether there is room for what will be saved. */
  async checkSpace(): Promise<void> {
    const { checkpointer, trainer, model, movingAverage, optimizer } = this.parts;
    if (trainer.isMaster) await checkpointer?.checkSpace(checkpointBytes(model, movingAverage, optimizer));
  }

  /** Brings the run to where the newest checkpoint was. False if there is none. */
  async restoreLatest(mode?: ResumeMode): Promise<boolean> {
    const { checkpointer, run } = this.parts;
    const restored = (await checkpointer?.restoreCheckpoint()) ?? null;
    if (restored === null) return false;
    try {
      restoreInto(run, restored, mode);
    } finally {
      tf.dispose(restored as unknown as tf.TensorContainer);
    }
    if (mode === 'weights') checkpointer!.beginAnew();
    else this.stored = this.position();
    return true;
  }

  /**
   * Puts the best weights that were saved, or are remembered, into the model.
   *
   * @throws CheckpointError (`X_CHECKPOINT`) if a run that was not stopped has none.
   */
  async loadBest(stopped: boolean): Promise<void> {
    const {
      checkpointer,
      run: { model },
    } = this.parts;
    const best = checkpointer === null ? this.remembered.take() : await checkpointer.bestModelState();
    if (best === null) {
      if (stopped || checkpointer === null) return;
      if (this.parts.progress.batchNumTotal > 0) {
        log.warn('no best weights were saved: the model keeps those of the last step');
        return;
      }
      throw new CheckpointError(
        'X_CHECKPOINT',
        'there are no best weights to load: no epoch was completed; is numEpochs 0?',
      );
    }
    try {
      loadModelState(model, best);
    } finally {
      tf.dispose(best);
    }
  }

  /** Whether a run that goes on would do so from here, as far as this worker knows: the master alone is told. */
  get isStored(): boolean {
    const { checkpointer, trainer, progress } = this.parts;
    if (checkpointer === null || !trainer.isMaster) return checkpointer !== null;
    return this.stored?.batchNumTotal === progress.batchNumTotal;
  }

  /** Frees what is remembered, at the end of a run. */
  forget(): void {
    this.remembered.forget();
  }

  /** Tells the callbacks of the checkpoints that are on disk by now. */
  private async announce(): Promise<void> {
    const { checkpointer, hooks } = this.parts;
    for (const saved of checkpointer?.takeAcknowledged() ?? []) {
      this.stored = saved;
      await hooks.fire('onCheckpoint', saved);
    }
  }

  private position(): CheckpointPosition {
    const { epoch, batchesThisEpoch, batchNumTotal, epochFinished } = this.parts.progress;
    return { epoch, batchesThisEpoch: epochFinished ? 0 : batchesThisEpoch, batchNumTotal };
  }
}
