import type { Checkpointable, CheckpointPosition, RestoredCheckpoint, StateDict, TensorMap } from '@x/trainer-core';
import { Checkpointer } from '@x/trainer-core';

import { fromHost, toHost } from './host-values.js';
import type { HostValue } from './host-values.js';

/**
 * Keeps the newest checkpoint and the best weights in memory, as copies on the host: it holds no tensors. Hand the same
 * one to a second trainer to resume.
 */
export class InMemoryCheckpointer extends Checkpointer {
  /** Where checkpoints were saved, in order. */
  readonly positions: CheckpointPosition[] = [];
  private newest: { readonly modelState: HostValue; readonly trainingState: HostValue } | null = null;
  private best: HostValue = null;

  override async saveCheckpoint(
    trainer: Checkpointable,
    position: CheckpointPosition,
    isBestSoFar = false,
  ): Promise<void> {
    const snapshot = trainer.getCheckpointState();
    try {
      const modelState = await toHost(snapshot.modelState);
      this.newest = { modelState, trainingState: await toHost(snapshot.trainingState) };
      if (isBestSoFar) this.best = modelState;
      this.positions.push(position);
      this.acknowledge(position, isBestSoFar);
    } finally {
      snapshot.dispose();
    }
  }

  /** Never: it has no rule of its own. */
  override async maybeSaveCheckpoint(): Promise<boolean> {
    return false;
  }

  override async restoreCheckpoint(): Promise<RestoredCheckpoint | null> {
    if (this.newest === null) return null;
    const { modelState, trainingState } = this.newest;
    return { modelState: fromHost(modelState) as TensorMap, trainingState: fromHost(trainingState) as StateDict };
  }

  override async bestModelState(): Promise<TensorMap | null> {
    return this.best === null ? null : (fromHost(this.best) as TensorMap);
  }
}
