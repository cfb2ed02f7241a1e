import type { Checkpointable } from '@x/trainer-core';

import type { CheckpointFiles } from './layout.js';
import { MODEL, STATE, STATE_TENSORS } from './layout.js';
import { encodeSafetensors } from './safetensors.js';
import { encodeState } from './state-json.js';

/**
 * The state of a run as the files of a checkpoint: one copy in the host's memory, made straight into one buffer per file. It
 * leaves no tensor.
 *
 * @throws CheckpointError (`X_CHECKPOINT`) for what cannot be saved, and what taking the state throws.
 */
export async function hostCopy(trainer: Checkpointable): Promise<CheckpointFiles> {
  const state = trainer.getCheckpointState();
  try {
    const { json, tensors } = encodeState(state.trainingState);
    return {
      [STATE]: new TextEncoder().encode(json),
      [STATE_TENSORS]: await encodeSafetensors(tensors),
      [MODEL]: await encodeSafetensors(state.modelState),
    };
  } finally {
    state.dispose();
  }
}
