import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';
import type { StateDict, Stateful } from '../state/state-dict.js';
import type { GradientDescentTrainer } from '../training/gradient-descent-trainer.js';
import type { Batch, Outputs } from './batch.js';
import type { MetricValues } from './metric.js';
import type { ModelLike } from './model.js';
import type { SavedCheckpoint } from './checkpointer.js';
import type { TrainingMetrics } from './trainer.js';

/** What a {@link BatchCallback} is told. */
export interface BatchEvent {
  /** The batches of the group: one per accumulated micro-batch, one in validation. */
  readonly batchInputs: readonly Batch[];
  /** All outputs of the model for each of them. They are disposed afterwards: clone what you keep. */
  readonly batchOutputs: readonly Readonly<Outputs>[];
  readonly epoch: number;
  /** In training the number of the step in its epoch (1 at the first); in validation the batches with a loss so far. */
  readonly batchNumber: number;
  readonly isTraining: boolean;
  readonly isMaster: boolean;
}

/** What an {@link EpochCallback} is told. */
export interface EpochEvent {
  /** The metrics so far; the live object, so that what is added is returned and written. Empty at epoch -1. */
  readonly metrics: TrainingMetrics;
  /** -1 once before training, also on resume; then every completed epoch. */
  readonly epoch: number;
  readonly isMaster: boolean;
}

/**
 * Called after every training step and every validation batch, on every worker. It gets the trainer itself and may
 * change it through its public members; what it changes acts from the next step on.
 */
export abstract class BatchCallback implements Partial<Stateful> {
  static readonly kind: string = 'batchCallback';
  static readonly register: Register<BatchCallback> = registerFor('batchCallback');

  abstract onBatch(trainer: GradientDescentTrainer, event: BatchEvent): void | Promise<void>;

  /** Implemented, with {@link loadStateDict}, by callbacks whose future depends on their past. */
  stateDict?(): StateDict;
  loadStateDict?(state: StateDict): void;
}

/** Called before training with epoch -1, and after every completed epoch, on every worker. May change the trainer. */
export abstract class EpochCallback implements Partial<Stateful> {
  static readonly kind: string = 'epochCallback';
  static readonly register: Register<EpochCallback> = registerFor('epochCallback');

  abstract onEpoch(trainer: GradientDescentTrainer, event: EpochEvent): void | Promise<void>;

  stateDict?(): StateDict;
  loadStateDict?(state: StateDict): void;
}

/** What a {@link TrainerCallback} may ask for. Requests are honoured at the next boundary between two steps. */
export interface Control {
  /** Ends training after the current step; the run finishes as usual. */
  stop(): void;
  /** Saves a checkpoint after the current step. */
  saveNow(): void;
  /** Evaluates on the validation data after the current step; results go to `onEvaluateEnd`. */
  evaluateNow(): void;
  /**
   * Leaves out the validation at the end of the epoch: the epoch has no validation metrics, is not the best one, and does
   * not count for patience. Asked for in `onEpochStart`, it holds for that epoch.
   */
  skipValidation(): void;
}

/** What a {@link TrainerCallback} sees of the run. Read only. */
export interface TrainerView {
  readonly epoch: number;
  /** Optimizer steps made in all. */
  readonly batchNumTotal: number;
  /** Optimizer steps made in this epoch. */
  readonly batchesThisEpoch: number;
  /** Steps that were left out in all, because something in them was not finite. */
  readonly stepsSkipped?: number;
  readonly numEpochs: number;
  /** Optimizer steps in an epoch, or null where the data loader does not know. */
  readonly stepsPerEpoch: number | null;
  readonly model: ModelLike;
  readonly serializationDir: string | null;
  readonly isMaster: boolean;
  /** The learning rate of every parameter group. */
  readonly learningRates: readonly number[];
  readonly control: Control;
}

/** A finished training step. */
export interface StepEvent {
  readonly batchInputs: readonly Batch[];
  /** Disposed after the hook: clone what you keep. */
  readonly batchOutputs: readonly Readonly<Outputs>[];
  /** The loss of the step: the mean over its micro-batches, with penalties. */
  readonly loss: number;
  /** The norm of the gradients before rescaling, null where `gradNorm` is off. */
  readonly gradientNorm: number | null;
  /** Running means over the epoch. */
  readonly metrics: Readonly<MetricValues>;
}

/** A micro-batch whose gradients were just added to those of its step. */
export interface MicroBatchEvent {
  /** Its number in the step, 0 at the first. */
  readonly index: number;
  /** Its loss, with penalty, not divided by the number of micro-batches. */
  readonly loss: number;
  /** All outputs of the model for it. They are disposed after the step: clone what you keep. */
  readonly outputs: Readonly<Outputs>;
}

/** A batch that was just evaluated. */
export interface EvaluateBatchEvent {
  readonly batch: Batch;
  /** Disposed after the hook: clone what you keep. */
  readonly outputs: Readonly<Outputs>;
  /** Null where the model gave none. */
  readonly loss: number | null;
  /** The number of batches with a loss so far. */
  readonly batchNumber: number;
  /** Running means over the evaluation. */
  readonly metrics: Readonly<MetricValues>;
}

/**
 * Observes a run through named hooks and asks through `trainer.control`. Only hooks that are overridden are called, and
 * `onMicroBatchEnd` and `onGradients` make every step run as separate programs, which a compiled engine feels.
 *
 * The hooks in their order:
 * ```text
 * onRunStart
 * for each epoch:
 *   onEpochStart
 *   for each step:
 *     onStepStart
 *     for each micro-batch:
 *       onMicroBatchEnd
 *     onGradients
 *     onStepEnd
 *     onCheckpoint            (if the checkpointer's own interval saved one)
 *   onEvaluateStart
 *   for each validation batch:
 *     onEvaluateBatch
 *   onEvaluateEnd
 *   onEpochEnd
 *   onCheckpoint
 * onError                     (if the run failed)
 * onRunEnd                    (always)
 * ```
 * `onCheckpoint` is called on the master, where the saving is looked after, once the checkpoint is on disk. A checkpointer
 * that writes while training goes on is done only at a later step: then the hook comes after that step, for the last
 * checkpoints before `onRunEnd`, and its event says which one it is. With the trainer's option `checkpointAt:
 * 'beforeCallbacks'`, it comes before `onStepEnd` and `onEpochEnd`.
 *
 * A callback with `stateDict` and `loadStateDict` is saved with the run, as it is after `onStepEnd` and `onEpochEnd`. A run
 * that goes on in the middle of an epoch calls `onRunStart` and `onEpochStart` again (`trainer.batchesThisEpoch` is then not
 * 0), so that what they set up is there: what they count is counted twice.
 */
export abstract class TrainerCallback implements Partial<Stateful> {
  static readonly kind: string = 'trainerCallback';
  static readonly register: Register<TrainerCallback> = registerFor('trainerCallback');

  onRunStart?(trainer: TrainerView): void | Promise<void>;
  onEpochStart?(trainer: TrainerView): void | Promise<void>;
  onStepStart?(trainer: TrainerView): void | Promise<void>;
  onMicroBatchEnd?(trainer: TrainerView, event: MicroBatchEvent): void | Promise<void>;
  /** Between gradients and update. `gradients` are read only and valid during the hook. */
  onGradients?(
    trainer: TrainerView,
    event: { readonly gradients: Readonly<Outputs>; readonly gradientNorm: number | null },
  ): void | Promise<void>;
  onStepEnd?(trainer: TrainerView, event: StepEvent): void | Promise<void>;
  onEvaluateStart?(trainer: TrainerView, event: { readonly numBatches: number | null }): void | Promise<void>;
  onEvaluateBatch?(trainer: TrainerView, event: EvaluateBatchEvent): void | Promise<void>;
  onEvaluateEnd?(trainer: TrainerView, event: { readonly metrics: Readonly<MetricValues> }): void | Promise<void>;
  onCheckpoint?(trainer: TrainerView, event: SavedCheckpoint): void | Promise<void>;
  onEpochEnd?(trainer: TrainerView, event: { readonly metrics: TrainingMetrics }): void | Promise<void>;
  onError?(trainer: TrainerView, event: { readonly error: unknown }): void | Promise<void>;
  /** `metrics` is null after a failure. */
  onRunEnd?(trainer: TrainerView, event: { readonly metrics: TrainingMetrics | null }): void | Promise<void>;

  stateDict?(): StateDict;
  loadStateDict?(state: StateDict): void;
}
