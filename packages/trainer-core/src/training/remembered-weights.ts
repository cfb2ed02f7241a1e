import * as tf from '@tensorflow/tfjs-core';

import type { TensorMap } from '../contracts/batch.js';
import type { Checkpointable } from '../contracts/checkpointer.js';
import { disposeState } from '../state/state-dict.js';

/** The best weights of a run, averaged ones where there is a moving average, in memory. */
export class RememberedWeights {
  private weights: TensorMap | null = null;

  remember(trainer: Checkpointable): void {
    const { modelState, trainingState } = trainer.getCheckpointState();
    disposeState(trainingState);
    this.forget();
    this.weights = modelState;
  }

  /** Hands over what is remembered, if anything is. */
  take(): TensorMap | null {
    const { weights } = this;
    this.weights = null;
    return weights;
  }

  forget(): void {
    tf.dispose(this.take() ?? {});
  }
}
