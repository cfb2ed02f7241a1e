import * as tf from '@tensorflow/tfjs-core';

import type { Batch, Outputs } from '../contracts/batch.js';
import type { Metric } from '../contracts/metric.js';
import type { ForwardMode, ModelLike } from '../contracts/model.js';
import { ModelError } from '../errors.js';
import { DEFAULT_SEED, RandomStreams } from '../random/streams.js';
import type { RandomStream } from '../random/streams.js';
import { ParameterSet } from '../state/parameters.js';
import type { InitializerApplicator } from './initializer-applicator.js';
import type { RegularizerApplicator } from './regularizers/applicator.js';

type Tensors = Record<string, tf.Tensor>;

/** The outputs of a forward pass, and the new values of the buffers that it changes. */
export interface OutputsAndBuffers<B extends Tensors> {
  readonly outputs: Outputs;
  readonly buffers: Partial<B>;
}

export interface FunctionalModelOptions<P extends Tensors, B extends Tensors = Record<never, never>> {
  /**
   * The first values of the parameters, by name. `random` is the stream of the initialization: take a part of it for each
   * parameter, `xavierUniform([784, 10], random.at('w'))`.
   */
  init(random: RandomStream): P;
  /** The first values of the buffers, by name: state that training changes and no gradient reaches. Default: none. */
  buffers?(): B;
  /**
   * Pure: tensors by name, among them a scalar `loss`. To change buffers, it returns `{ outputs, buffers }`; the new values
   * are taken in training and ignored otherwise.
   */
  forward(
    parameters: Readonly<P>,
    batch: Batch,
    mode: ForwardMode,
    buffers: Readonly<B>,
  ): Outputs | OutputsAndBuffers<B>;
  readonly metrics?: readonly Metric[];
  /** Overwrites what `init` gave, by patterns of names. */
  readonly initializer?: InitializerApplicator | undefined;
  readonly regularizer?: RegularizerApplicator | undefined;
  /** Of the initialization. Default {@link DEFAULT_SEED}. */
  readonly seed?: number;
}

/**
 * A model made of a function that initializes its parameters and a pure function that runs it.
 *
 * ```ts
 * const model = functionalModel({
 *   init: (random) => ({ w: xavierUniform([2, 1], random.at('w')), b: tf.zeros([1]) }),
 *   forward: ({ w, b }, { x, y }) => {
 *     const predictions = tf.add(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), b);
 *     return { loss: tf.losses.meanSquaredError(y as tf.Tensor, predictions), predictions };
 *   },
 * });
 * ```
 *
 * It owns its variables; `dispose()` frees them. Two models of one seed start with the same bits.
 */
export function functionalModel<P extends Tensors, B extends Tensors = Record<never, never>>(
  options: FunctionalModelOptions<P, B>,
): FunctionalModel {
  const { seed = DEFAULT_SEED, metrics = [], initializer, regularizer } = options;
  const random = new RandomStreams(seed).stream('initialization');
  const { parameters, buffers } = tf.tidy(() => {
    const tensors = options.init(random);
    const bufferTensors = options.buffers?.() ?? {};
    return { parameters: variablesOf(tensors, true), buffers: variablesOf(bufferTensors, false) };
  });
  try {
    initializer?.apply(ParameterSet.of(parameters), random);
  } catch (error) {
    tf.dispose([parameters, buffers]);
    throw error;
  }
  return new FunctionalModel({
    parameters,
    buffers,
    metrics,
    regularizer,
    run: (batch, mode) => {
      // The variables are the tensors of the same names: P and B describe both.
      const result = options.forward(
        parameters as Readonly<Tensors> as P,
        batch,
        mode,
        buffers as Readonly<Tensors> as B,
      );
      return hasBuffers(result) ? result : { outputs: result, buffers: {} };
    },
  });
}

function hasBuffers(result: Outputs | OutputsAndBuffers<Tensors>): result is OutputsAndBuffers<Tensors> {
  return 'outputs' in result && !(result.outputs instanceof tf.Tensor);
}

interface FunctionalModelParts {
  readonly parameters: Readonly<Record<string, tf.Variable>>;
  readonly buffers: Readonly<Record<string, tf.Variable>>;
  readonly metrics: readonly Metric[];
  readonly regularizer: RegularizerApplicator | undefined;
  run(batch: Batch, mode: ForwardMode): OutputsAndBuffers<Tensors>;
}

/** What {@link functionalModel} makes. */
export class FunctionalModel implements ModelLike {
  readonly metrics: readonly Metric[];

  constructor(private readonly parts: FunctionalModelParts) {
    this.metrics = parts.metrics;
  }

  forward(batch: Batch, mode: ForwardMode): Outputs {
    const { outputs, buffers } = this.parts.run(batch, mode);
    if (mode.training) this.assign(buffers);
    return outputs;
  }

  namedVariables(): Readonly<Record<string, tf.Variable>> {
    return this.parts.parameters;
  }

  namedBuffers(): Readonly<Record<string, tf.Variable>> {
    return this.parts.buffers;
  }

  regularizationPenalty(): tf.Scalar | null {
    return this.parts.regularizer?.penalty(ParameterSet.of(this.parts.parameters)) ?? null;
  }

  /** Frees parameters and buffers. */
  dispose(): void {
    tf.dispose({ ...this.parts.parameters });
    tf.dispose({ ...this.parts.buffers });
  }

  private assign(values: Partial<Tensors>): void {
    for (const [name, value] of Object.entries(values)) {
      const buffer = this.parts.buffers[name];
      if (buffer === undefined || value === undefined) {
        const known = Object.keys(this.parts.buffers).join(', ');
        throw new ModelError(
          'X_MODEL_INVALID',
          `forward returned a buffer "${name}"; the model's buffers are [${known}]`,
        );
      }
      buffer.assign(value);
    }
  }
}

/** Variables get names of tfjs's own, which never clash; those of the dictionary are the ones that count. */
function variablesOf(tensors: Tensors, trainable: boolean): Record<string, tf.Variable> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tf.variable(tensor, trainable)]));
}
