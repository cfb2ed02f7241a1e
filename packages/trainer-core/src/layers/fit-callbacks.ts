import type * as tfl from '@tensorflow/tfjs-layers';

import { batchSize } from '../contracts/batch.js';
import { BatchCallback, TrainerCallback } from '../contracts/callbacks.js';
import type { BatchEvent, StepEvent, TrainerView } from '../contracts/callbacks.js';
import type { TrainingMetrics } from '../contracts/trainer.js';
import type { GradientDescentTrainer } from '../training/gradient-descent-trainer.js';
import { log } from '../log.js';

/** What tfjs's callbacks are told: `loss`, `acc`, `val_loss`, ... */
export type FitLogs = Record<string, number>;

/** A callback as tfjs has them: an object with some of these methods, or one of `tf.callbacks`. */
export interface FitCallback {
  onTrainBegin?(logs?: FitLogs): void | Promise<void>;
  onTrainEnd?(logs?: FitLogs): void | Promise<void>;
  onEpochBegin?(epoch: number, logs?: FitLogs): void | Promise<void>;
  onEpochEnd?(epoch: number, logs?: FitLogs): void | Promise<void>;
  onBatchBegin?(batch: number, logs?: FitLogs): void | Promise<void>;
  /** `logs` has the number and size of the batch, its loss, and the running means of the metrics. */
  onBatchEnd?(batch: number, logs?: FitLogs): void | Promise<void>;
  setModel?(model: tfl.LayersModel): void;
  setParams?(parameters: Record<string, number>): void;
}

/** What `fit` returns, as tfjs's `History` has it. */
export interface FitHistory {
  /** The numbers of the epochs. */
  readonly epoch: number[];
  /** A value per epoch for `loss`, the compiled metrics, and `val_` and each of their names. */
  readonly history: Record<string, number[]>;
}

/** The mean loss over examples, as tfjs reports it; the trainer's own is the mean over steps. */
export class LossOverExamples extends BatchCallback {
  private readonly sums = { training: { loss: 0, size: 0 }, validation: { loss: 0, size: 0 } };

  override async onBatch(
    _trainer: GradientDescentTrainer,
    { batchInputs, batchOutputs, isTraining }: BatchEvent,
  ): Promise<void> {
    const sum = isTraining ? this.sums.training : this.sums.validation;
    for (const [i, { loss }] of batchOutputs.entries()) {
      if (loss === undefined) continue;
      const size = batchSize(batchInputs[i]!);
      sum.loss += (await loss.data())[0]! * size;
      sum.size += size;
    }
  }

  /** `loss` and, with validation, `val_loss` since the last call. */
  take(): FitLogs {
    const { training, validation } = this.sums;
    this.sums.training = { loss: 0, size: 0 };
    this.sums.validation = { loss: 0, size: 0 };
    return {
      loss: training.loss / training.size,
      ...(validation.size === 0 ? {} : { val_loss: validation.loss / validation.size }),
    };
  }
}

export interface FitRun {
  readonly model: tfl.LayersModel;
  readonly callbacks: readonly FitCallback[];
  /** The names of the compiled metrics. */
  readonly metricNames: readonly string[];
  readonly losses: LossOverExamples;
  readonly firstEpoch: number;
  readonly epochs: number;
  readonly verbose: boolean;
}

/** Calls tfjs's callbacks from the trainer's hooks, obeys `model.stopTraining`, and keeps the history. */
export class FitCallbacks extends TrainerCallback {
  readonly history: FitHistory = { epoch: [], history: {} };

  constructor(private readonly run: FitRun) {
    super();
  }

  override async onRunStart({ stepsPerEpoch }: TrainerView): Promise<void> {
    const { model, epochs, firstEpoch } = this.run;
    model.stopTraining = false;
    for (const callback of this.run.callbacks) {
      callback.setParams?.({
        epochs,
        initialEpoch: firstEpoch,
        ...(stepsPerEpoch === null ? {} : { steps: stepsPerEpoch }),
      });
      callback.setModel?.(model);
      await callback.onTrainBegin?.();
    }
  }

  override async onEpochStart({ epoch }: TrainerView): Promise<void> {
    for (const callback of this.run.callbacks) await callback.onEpochBegin?.(this.run.firstEpoch + epoch);
  }

  override async onStepStart({ batchesThisEpoch }: TrainerView): Promise<void> {
    for (const callback of this.run.callbacks) await callback.onBatchBegin?.(batchesThisEpoch);
  }

  override async onStepEnd(trainer: TrainerView, { batchInputs, loss, metrics }: StepEvent): Promise<void> {
    const batch = trainer.batchesThisEpoch - 1;
    const size = batchInputs.reduce((sum, inputs) => sum + batchSize(inputs), 0);
    const logs = { batch, size, ...this.named(metrics, ''), loss };
    for (const callback of this.run.callbacks) await callback.onBatchEnd?.(batch, logs);
    this.obey(trainer);
  }

  override async onEpochEnd(trainer: TrainerView, { metrics }: { readonly metrics: TrainingMetrics }): Promise<void> {
    const epoch = this.run.firstEpoch + Number(metrics['epoch']);
    const validation = Object.entries(this.named(metrics, 'validation_')).map(([name, value]) => [
      `val_${name}`,
      value,
    ]);
    const logs: FitLogs = {
      ...this.named(metrics, 'training_'),
      ...(Object.fromEntries(validation) as FitLogs),
      ...this.run.losses.take(),
    };
    this.history.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) (this.history.history[name] ??= []).push(value);
    if (this.run.verbose) {
      const values = Object.entries(logs).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
      log.info(`epoch ${epoch + 1}/${this.run.epochs}: ${values.join(', ')}`);
    }
    for (const callback of this.run.callbacks) await callback.onEpochEnd?.(epoch, logs);
    this.obey(trainer);
  }

  override async onRunEnd(): Promise<void> {
    for (const callback of this.run.callbacks) await callback.onTrainEnd?.();
  }

  private named(metrics: Readonly<TrainingMetrics>, prefix: string): FitLogs {
    return Object.fromEntries(
      this.run.metricNames.flatMap((name) => {
        const value = metrics[`${prefix}${name}`];
        return typeof value === 'number' ? [[name, value] as const] : [];
      }),
    );
  }

  private obey(trainer: TrainerView): void {
    if (this.run.model.stopTraining) trainer.control.stop();
  }
}
