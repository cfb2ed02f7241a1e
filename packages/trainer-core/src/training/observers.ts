import type { Batch, Outputs } from '../contracts/batch.js';
import type {
  BatchCallback,
  EpochCallback,
  EvaluateBatchEvent,
  StepEvent,
  TrainerCallback,
} from '../contracts/callbacks.js';
import type { TrainingMetrics } from '../contracts/trainer.js';
import { callbackStates } from './callback-states.js';
import type { Stateful } from '../state/state-dict.js';
import type { GradientDescentTrainer } from './gradient-descent-trainer.js';
import { Hooks } from './hooks.js';

/** The callbacks of a run, by their three kinds. */
export interface RunCallbacks {
  readonly callbacks: readonly TrainerCallback[];
  readonly batchCallbacks: readonly BatchCallback[];
  readonly epochCallbacks: readonly EpochCallback[];
}

/** Tells all callbacks what happens: where two kinds hear of one thing, the original's first. */
export class Observers {
  readonly hooks: Hooks;
  /** Those that have a state, by key. */
  readonly states: Readonly<Record<string, Stateful>>;

  constructor(
    private readonly trainer: GradientDescentTrainer,
    private readonly all: RunCallbacks,
  ) {
    this.hooks = new Hooks(all.callbacks, trainer);
    this.states = callbackStates([...all.callbacks, ...all.batchCallbacks, ...all.epochCallbacks]);
  }

  async stepEnded(step: StepEvent): Promise<void> {
    await this.callBatchCallbacks(step.batchInputs, step.batchOutputs, this.trainer.batchesThisEpoch, true);
    await this.hooks.fire('onStepEnd', step);
  }

  async batchEvaluated(event: EvaluateBatchEvent): Promise<void> {
    await this.callBatchCallbacks([event.batch], [event.outputs], event.batchNumber, false);
    await this.hooks.fire('onEvaluateBatch', event);
  }

  async epochEnded(metrics: TrainingMetrics): Promise<void> {
    await this.callEpochCallbacks(metrics, this.trainer.epoch);
    await this.hooks.fire('onEpochEnd', { metrics });
  }

  /** @param epoch -1 before training. */
  async callEpochCallbacks(metrics: TrainingMetrics, epoch: number): Promise<void> {
    const { isMaster } = this.trainer;
    for (const callback of this.all.epochCallbacks) await callback.onEpoch(this.trainer, { metrics, epoch, isMaster });
  }

  private async callBatchCallbacks(
    batchInputs: readonly Batch[],
    batchOutputs: readonly Readonly<Outputs>[],
    batchNumber: number,
    isTraining: boolean,
  ): Promise<void> {
    const { epoch, isMaster } = this.trainer;
    for (const callback of this.all.batchCallbacks) {
      await callback.onBatch(this.trainer, { batchInputs, batchOutputs, epoch, batchNumber, isTraining, isMaster });
    }
  }
}
