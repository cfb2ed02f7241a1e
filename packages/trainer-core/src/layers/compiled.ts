import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';

import { messageOf } from '../config/show.js';
import { ModelError } from '../errors.js';

/** A loss or metric of (labels, predictions), as tfjs has them: a value per example, or one for the batch. */
export type LossOrMetric = (labels: tf.Tensor, predictions: tf.Tensor) => tf.Tensor;

/** What `model.compile` takes for its losses. */
export type CompileLoss = tfl.ModelCompileArgs['loss'];
/** What `model.compile` takes for its metrics. */
export type CompileMetrics = NonNullable<tfl.ModelCompileArgs['metrics']>;

/** A metric that a model was compiled with. */
export interface CompiledMetric {
  readonly name: string;
  readonly measure: LossOrMetric;
  readonly outputIndex: number;
}

/** The loss of one output. */
export interface CompiledLoss {
  readonly measure: LossOrMetric;
  /** Whether labels must have the shape of the predictions: true for tfjs's own losses, except sparse ones. */
  readonly sameShape: boolean;
}

/** What a model was compiled with. */
export interface Compiled {
  /** One per output, in order; null for an output without a loss. */
  readonly losses: readonly (CompiledLoss | null)[];
  readonly metrics: readonly CompiledMetric[];
}

/**
 * Compiles a model with other losses or metrics; its optimizer stays.
 *
 * @throws ModelError (`X_MODEL_INVALID`) with tfjs's reason, for a name that tfjs does not know.
 */
export function compile(model: tfl.LayersModel, loss: CompileLoss, metrics: CompileMetrics | undefined): void {
  const { optimizer } = model;
  try {
    model.compile({ optimizer: optimizer ?? 'sgd', loss, ...(metrics === undefined ? {} : { metrics }) });
  } catch (error) {
    if (optimizer === undefined || optimizer === null) innerModel(model).optimizer?.dispose();
    const message = messageOf(error);
    throw new ModelError('X_MODEL_INVALID', `the model "${model.name}" cannot be compiled: ${message}`, {
      cause: error,
    });
  }
}

/** What a model was compiled with, null if it was not. */
export function compiledParts(model: tfl.LayersModel): Compiled | null {
  const inner = innerModel(model);
  const { lossFunctions, metricsTensors, metricsNames } = inner;
  if (lossFunctions === undefined) return null;
  return {
    losses: lossFunctions.map((measure, i) => {
      const name = nameOf(inner.loss, i, inner.outputNames[i]!);
      const sameShape = name !== null && name !== 'sparseCategoricalCrossentropy';
      return measure === undefined || measure === null ? null : { measure, sameShape };
    }),
    metrics: uniqueNames(metricsNames)
      .slice(1)
      .map((name, i) => ({ name, measure: metricsTensors[i]![0], outputIndex: metricsTensors[i]![1] })),
  };
}

/** A sequential model keeps what it was compiled with in a model of its own. */
function innerModel(model: tfl.LayersModel): tfl.LayersModel {
  return model.getClassName() === 'Sequential' ? (model as unknown as { model: tfl.LayersModel }).model : model;
}

/** The name by which the loss of an output was given, null for a function. */
function nameOf(loss: CompileLoss, index: number, outputName: string): string | null {
  const given: unknown =
    typeof loss === 'object'
      ? Array.isArray(loss)
        ? (loss as unknown[])[index]
        : (loss as Record<string, unknown>)[outputName]
      : loss;
  return typeof given === 'string' ? given : null;
}

/** tfjs's own rule for names that occur several times: `acc`, `acc_1`, ... */
function uniqueNames(names: readonly string[]): string[] {
  const count = (list: readonly string[], name: string): number => list.filter((other) => other === name).length;
  return names.map((name, i) => (count(names, name) > 1 ? `${name}_${count(names.slice(0, i), name)}` : name));
}
