import type * as tf from '@tensorflow/tfjs-core';

import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';
import type { Batch, Outputs } from './batch.js';
import type { Metric } from './metric.js';

/** How a model is run. */
export interface ForwardMode {
  /** True in a training step: dropout draws, batch normalisation uses and updates batch statistics. */
  readonly training: boolean;
}

/**
 * What can be trained: any object with these two methods is accepted as it is.
 *
 * `forward` is a pure function of the batch and of the named variables: it has no side effects except assigning
 * {@link namedBuffers} in training, reads no tensor values, and makes its randomness with `dropout`, `randomUniform` and
 * `randomNormal` of this package. Metrics are updated afterwards, from its outputs.
 */
export interface ModelLike {
  /**
   * @returns tensors by name, among them a scalar `loss` (always in training; in validation a batch may have none).
   * All of them leave the step and reach metrics and callbacks.
   */
  forward(batch: Batch, mode: ForwardMode): Outputs;

  /** The weights by name, in a fixed order; those with `trainable` false start out frozen. */
  namedVariables(): Readonly<Record<string, tf.Variable>>;

  /** State that `forward` assigns and no gradient reaches (batch-normalisation statistics). Default: none. */
  namedBuffers?(): Readonly<Record<string, tf.Variable>>;

  /** A penalty that is added to the training loss, or null. Called inside the step. Default: none. */
  regularizationPenalty?(): tf.Scalar | null;

  /** Updated after every batch from its outputs; their values join the logged ones. Default: none. */
  readonly metrics?: readonly Metric[];

  /** Names of the parameters whose histograms are logged. Default: all. */
  parametersForHistograms?(): readonly string[];

  /** Names of outputs whose histograms are logged in training, such as what a hidden layer gives. Default: none. */
  activationsForHistograms?(): readonly string[];

  /** Frees the variables. The trainer never calls it: a model belongs to whoever made it. */
  dispose?(): void;
}

/** The extension point of models that are chosen by name in a config. It holds no features: see {@link ModelLike}. */
export abstract class Model implements ModelLike {
  static readonly kind: string = 'model';
  static readonly register: Register<Model> = registerFor('model');

  abstract forward(batch: Batch, mode: ForwardMode): Outputs;
  abstract namedVariables(): Readonly<Record<string, tf.Variable>>;
  namedBuffers?(): Readonly<Record<string, tf.Variable>>;
  regularizationPenalty?(): tf.Scalar | null;
  readonly metrics?: readonly Metric[];
  parametersForHistograms?(): readonly string[];
  activationsForHistograms?(): readonly string[];
  dispose?(): void;
}
