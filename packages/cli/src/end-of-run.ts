import { GradientDescentTrainer, TrainerCallback } from '@x/trainer-core';
import type { TrainerView, TrainingMetrics } from '@x/trainer-core';

/** Why training ended, for people; null where the trainer does not tell. */
export function endOfTraining(trainer: TrainerView): string | null {
  if (trainer.epoch >= trainer.numEpochs) return `all ${trainer.numEpochs} epochs were trained`;
  if (!(trainer instanceof GradientDescentTrainer)) return null;
  const { stopReason } = trainer.control;
  if (stopReason !== null) return `${stopReason} in epoch ${trainer.epoch + 1}`;
  const { patience, epoch, numEpochs } = trainer;
  return `early stopping in epoch ${epoch + 1} of ${numEpochs}: ${patience} epochs in a row did not improve the validation metric`;
}

/** Of a run that goes on after its last epoch, for people; null where there is something to train. */
export function nothingLeft({ epoch, numEpochs, batchNumTotal }: TrainerView): string | null {
  if (batchNumTotal === 0 || epoch < numEpochs) return null;
  return `nothing is left to train: ${epoch} epochs are done, and numEpochs is ${numEpochs}; to go on, raise trainer.numEpochs`;
}

/** Keeps why training ended. */
export class EndOfRun extends TrainerCallback {
  reason: string | null = null;
  private nothingLeft: string | null = null;

  override onRunStart(trainer: TrainerView): void {
    this.nothingLeft = nothingLeft(trainer);
  }

  override onRunEnd(trainer: TrainerView, { metrics }: { readonly metrics: TrainingMetrics | null }): void {
    if (metrics !== null) this.reason = this.nothingLeft ?? endOfTraining(trainer);
  }
}
