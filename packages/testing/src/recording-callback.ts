import type { CheckpointPosition, StateDict, TrainerView } from '@x/trainer-core';
import { readState, TrainerCallback } from '@x/trainer-core';

/** One call of a hook. */
export interface RecordedCall {
  readonly hook: string;
  readonly epoch: number;
  readonly batchNumTotal: number;
}

/**
 * Writes down every hook that is called. It looks between gradients and update, so that steps run as separate programs.
 * The record is its state: after a resume it goes on.
 */
export class RecordingCallback extends TrainerCallback {
  readonly calls: RecordedCall[] = [];
  /** The loss of every step. */
  readonly losses: number[] = [];

  /** The hooks in the order of their calls. */
  get hooks(): string[] {
    return this.calls.map(({ hook }) => hook);
  }

  override onRunStart(trainer: TrainerView): void {
    this.record('onRunStart', trainer);
  }

  override onEpochStart(trainer: TrainerView): void {
    this.record('onEpochStart', trainer);
  }

  override onStepStart(trainer: TrainerView): void {
    this.record('onStepStart', trainer);
  }

  override onMicroBatchEnd(trainer: TrainerView): void {
    this.record('onMicroBatchEnd', trainer);
  }

  override onGradients(trainer: TrainerView): void {
    this.record('onGradients', trainer);
  }

  override onStepEnd(trainer: TrainerView, { loss }: { readonly loss: number }): void {
    this.record('onStepEnd', trainer);
    this.losses.push(loss);
  }

  override onEvaluateStart(trainer: TrainerView): void {
    this.record('onEvaluateStart', trainer);
  }

  override onEvaluateBatch(trainer: TrainerView): void {
    this.record('onEvaluateBatch', trainer);
  }

  override onEvaluateEnd(trainer: TrainerView): void {
    this.record('onEvaluateEnd', trainer);
  }

  override onCheckpoint(trainer: TrainerView, _: CheckpointPosition): void {
    this.record('onCheckpoint', trainer);
  }

  override onEpochEnd(trainer: TrainerView): void {
    this.record('onEpochEnd', trainer);
  }

  override onError(trainer: TrainerView): void {
    this.record('onError', trainer);
  }

  override onRunEnd(trainer: TrainerView): void {
    this.record('onRunEnd', trainer);
  }

  override stateDict(): StateDict {
    return { calls: this.calls.map((call) => ({ ...call })), losses: [...this.losses] };
  }

  override loadStateDict(state: StateDict): void {
    const calls = readState(state, 'calls', 'array') as unknown as RecordedCall[];
    const losses = readState(state, 'losses', 'array') as number[];
    this.calls.splice(0, this.calls.length, ...calls);
    this.losses.splice(0, this.losses.length, ...losses);
  }

  private record(hook: string, { epoch, batchNumTotal }: TrainerView): void {
    this.calls.push({ hook, epoch, batchNumTotal });
  }
}
