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

/** Keeps why training ended. */
export class EndOfRun extends TrainerCallback {
  reason: string | null = null;

  override onRunEnd(trainer: TrainerView, { metrics }: { readonly metrics: TrainingMetrics | null }): void {
    if (metrics !== null) this.reason = endOfTraining(trainer);
  }
}
