import * as tf from '@tensorflow/tfjs-core';

import type { Checkpointable, Checkpointer, CheckpointPosition } from '../contracts/checkpointer.js';
import type { Communicator } from '../contracts/communicator.js';
import type { ModelLike } from '../contracts/model.js';
import type { MovingAverage } from '../contracts/moving-average.js';
import { CheckpointError } from '../errors.js';
import type { Hooks } from './hooks.js';
import { loadModelState } from './model-state.js';
import type { Progress } from './progress.js';
import { restoreInto } from './saved-run.js';
import type { StatefulParts } from './saved-run.js';

export interface CheckpointsParts {
  /** Null: nothing is saved, and nothing is restored. */
  readonly checkpointer: Checkpointer | null;
  readonly trainer: Checkpointable & { readonly isMaster: boolean };
  readonly communicator: Communicator;
  readonly hooks: Hooks;
  readonly model: ModelLike;
  readonly movingAverage: MovingAverage | null;
  readonly progress: Progress;
  readonly parts: StatefulParts;
}

/** The checkpoints of a run, with those who are told of them. */
export class Checkpoints {
  constructor(private readonly parts: CheckpointsParts) {}

  /** Saves, completely, where the run is now. */
  async save(isBestSoFar: boolean): Promise<void> {
    const { checkpointer, trainer, communicator, hooks } = this.parts;
    if (checkpointer === null) return;
    if (trainer.isMaster) await checkpointer.saveCheckpoint(trainer, this.position(), isBestSoFar);
    await communicator.barrier();
    await hooks.fire('onCheckpoint', { ...this.position(), isBestSoFar });
  }

  /** Saves after a step if the checkpointer's own rule says so. */
  async maybeSave(): Promise<void> {
    const { checkpointer, trainer, hooks } = this.parts;
    if (checkpointer === null || !trainer.isMaster) return;
    const saved = await checkpointer.maybeSaveCheckpoint(trainer, this.position());
    if (saved) await hooks.fire('onCheckpoint', { ...this.position(), isBestSoFar: false });
  }

  /** Brings the run to where the newest checkpoint was. False if there is none. */
  async restoreLatest(): Promise<boolean> {
    const { checkpointer, model, movingAverage, parts } = this.parts;
    const restored = (await checkpointer?.restoreCheckpoint()) ?? null;
    if (restored === null) return false;
    try {
      restoreInto(model, movingAverage, parts, restored);
    } finally {
      tf.dispose(restored as unknown as tf.TensorContainer);
    }
    return true;
  }

  /**
   * Puts the best weights that were saved into the model.
   *
   * @throws CheckpointError (`X_CHECKPOINT`) if a run that was not stopped has none.
   */
  async loadBest(stopped: boolean): Promise<void> {
    const { checkpointer, model } = this.parts;
    if (checkpointer === null) return;
    const best = await checkpointer.bestModelState();
    if (best === null) {
      if (stopped) return;
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

  private position(): CheckpointPosition {
    const { epoch, batchesThisEpoch, batchNumTotal, epochFinished } = this.parts.progress;
    return { epoch, batchesThisEpoch: epochFinished ? 0 : batchesThisEpoch, batchNumTotal };
  }
}
