import type { Batch, Outputs, TensorMap } from '../contracts/batch.js';
import type { MetricValues } from '../contracts/metric.js';
import type { ModelLike } from '../contracts/model.js';
import type { Optimizer } from '../contracts/optimizer.js';
import type { BatchReport } from '../contracts/tensorboard-writer.js';
import type { ParameterSet } from '../state/parameters.js';
import { learningRatesByName } from './learning-rates.js';
import type { StepResult } from './training-step.js';

/** What of a trainer a step's log shows. */
export interface LoggedTrainer {
  readonly batchNumTotal: number;
  readonly model: ModelLike;
  readonly parameters: ParameterSet;
  readonly optimizer: Optimizer;
}

/** A finished step for the TensorBoard writer, which most steps are not logged with: lists are made when they are asked for. */
export class StepReport implements BatchReport {
  readonly batchNumTotal: number;
  readonly gradients?: Readonly<TensorMap>;
  readonly parametersBefore?: Readonly<TensorMap>;
  readonly gradientNorm: number | null;
  readonly outputs: readonly Readonly<Outputs>[];
  readonly loss: number;

  constructor(
    private readonly trainer: LoggedTrainer,
    readonly batches: readonly Batch[],
    { outputs, loss, gradientNorm, gradients, parametersBefore }: StepResult,
    readonly metrics: Readonly<MetricValues>,
  ) {
    this.batchNumTotal = trainer.batchNumTotal;
    this.outputs = outputs;
    this.loss = loss;
    this.gradientNorm = gradientNorm;
    if (gradients !== undefined) this.gradients = gradients;
    if (parametersBefore !== undefined) this.parametersBefore = parametersBefore;
  }

  get parameters(): ParameterSet {
    return this.trainer.parameters;
  }

  get learningRates(): Readonly<Record<string, number>> {
    return learningRatesByName(this.trainer.optimizer);
  }

  get histogramParameters(): readonly string[] {
    return this.trainer.model.parametersForHistograms?.() ?? this.trainer.parameters.names;
  }

  get histogramActivations(): readonly string[] {
    return this.trainer.model.activationsForHistograms?.() ?? [];
  }
}
