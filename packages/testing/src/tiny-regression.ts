import * as tf from '@tensorflow/tfjs-core';
import type { Batch, ForwardMode, ModelLike, Outputs } from '@x/trainer-core';
import { randomNormal, RandomStreams } from '@x/trainer-core';

const NUM_BATCHES = 5;
const BATCH_SIZE = 4;
const FEATURES = 2;

/** Options of {@link tinyRegression}. */
export interface TinyRegressionOptions {
  /** Standard deviation of noise on the inputs in training, drawn from the step's generator. Default 0. */
  readonly noise?: number;
}

/**
 * A linear regression with its data: parameters `weight` [2, 1] and `bias` [1], which start at 0, outputs `loss` (mean
 * squared error) and `predictions` [4], and five batches of four examples of y = 2 x0 - x1 + 0.5.
 */
export class TinyRegression implements ModelLike {
  readonly weight: tf.Variable = tf.tidy(() => tf.variable(tf.zeros([FEATURES, 1])));
  readonly bias: tf.Variable = tf.tidy(() => tf.variable(tf.zeros([1])));
  /** `x` [4, 2] and `y` [4]. */
  readonly batches: readonly Batch[] = Array.from({ length: NUM_BATCHES }, (_, i) => makeBatch(i));

  constructor(private readonly options: TinyRegressionOptions = {}) {}

  forward(batch: Batch, { training }: ForwardMode): Outputs {
    const { noise = 0 } = this.options;
    const x = batch['x'] as tf.Tensor2D;
    const inputs = training && noise > 0 ? tf.add<tf.Tensor2D>(x, randomNormal(x.shape, 0, noise)) : x;
    const predictions = tf.reshape(tf.add(tf.matMul(inputs, this.weight as tf.Tensor as tf.Tensor2D), this.bias), [-1]);
    return { loss: tf.mean(tf.square(tf.sub(predictions, batch['y'] as tf.Tensor))), predictions };
  }

  namedVariables(): Record<string, tf.Variable> {
    return { weight: this.weight, bias: this.bias };
  }

  /** Frees the parameters and the batches. */
  dispose(): void {
    tf.dispose([this.weight, this.bias, this.batches] as unknown as tf.TensorContainer);
  }
}

/** A model with data that every optimizer can fit, in milliseconds. The caller disposes it. */
export function tinyRegression(options: TinyRegressionOptions = {}): TinyRegression {
  return new TinyRegression(options);
}

function makeBatch(index: number): Batch {
  const values = new RandomStreams(7)
    .stream('tinyRegression')
    .at(index)
    .normals(BATCH_SIZE * FEATURES);
  const targets = Float32Array.from({ length: BATCH_SIZE }, (_, i) => 2 * values[2 * i]! - values[2 * i + 1]! + 0.5);
  return { x: tf.tensor2d(values, [BATCH_SIZE, FEATURES]), y: tf.tensor1d(targets) };
}
