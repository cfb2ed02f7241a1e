import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';
import type { ParameterSet } from '../state/parameters.js';
import type { Batch, Outputs, TensorMap } from './batch.js';
import type { MemoryReport } from './engine.js';
import type { MetricValues } from './metric.js';

/** What of a step the writer wants beyond its numbers. Asked for before the step, because it must be kept. */
export interface LogNeeds {
  /** The gradients as the optimizer gets them (clipped and rescaled). */
  readonly gradients: boolean;
  /** The parameters before the update. */
  readonly parametersBefore: boolean;
}

/** A training step to log, to be asked by name (copied, it has no lists). Tensors are read during the call only. */
export interface BatchReport {
  /** The number of the step, 1 at the first. */
  readonly batchNumTotal: number;
  readonly parameters: ParameterSet;
  /** Present where asked for: by parameter name. */
  readonly gradients?: Readonly<TensorMap>;
  readonly parametersBefore?: Readonly<TensorMap>;
  readonly gradientNorm: number | null;
  readonly learningRates: Readonly<Record<string, number>>;
  /** The names of the parameters whose histograms are wanted. */
  readonly histogramParameters: readonly string[];
  readonly batches: readonly Batch[];
  /** The model's outputs for each of them. */
  readonly outputs: readonly Readonly<Outputs>[];
  /** The names of the outputs whose histograms are wanted. */
  readonly histogramActivations: readonly string[];
  /** Of this step alone. */
  readonly loss: number;
  /** Running means over the epoch. */
  readonly metrics: Readonly<MetricValues>;
}

/** Writes curves and histograms. One writer may serve a run; callbacks add values of their own to it. */
export abstract class TensorboardWriter {
  static readonly kind: string = 'tensorboardWriter';
  static readonly defaultName: string = 'default';
  static readonly register: Register<TensorboardWriter> = registerFor('tensorboardWriter');

  /** What the step with this number must keep for {@link logBatch}. */
  abstract needs(batchNumTotal: number): LogNeeds;

  /** Called after every step on the master. */
  abstract logBatch(report: BatchReport): Promise<void>;

  /** Called after every epoch on the master; `epoch` counts from 1 here. `validation` is empty without validation. */
  abstract logMetrics(
    training: Readonly<MetricValues>,
    validation: Readonly<MetricValues>,
    epoch: number,
  ): Promise<void>;

  /** One value of one's own. */
  abstract addScalar(split: 'train' | 'validation', tag: string, value: number, step: number): void;

  /** Memory of every worker (in rank order) at a step. */
  abstract logMemory(reports: readonly MemoryReport[], step: number): void;

  /** Writes out what is buffered and closes the files. */
  abstract close(): Promise<void>;
}
