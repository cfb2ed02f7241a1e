import type { Batch } from '../contracts/batch.js';
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

/** A finished step for the TensorBoard writer. */
export function batchReport(
  { batchNumTotal, model, parameters, optimizer }: LoggedTrainer,
  batches: readonly Batch[],
  result: StepResult,
  metrics: Readonly<MetricValues>,
): BatchReport {
  return {
    ...result,
    batchNumTotal,
    parameters,
    // a walk over all parameters, which most steps are not logged with
    get learningRates() {
      return learningRatesByName(optimizer);
    },
    histogramParameters: model.parametersForHistograms?.() ?? parameters.names,
    histogramActivations: model.activationsForHistograms?.() ?? [],
    batches,
    metrics,
  };
}
