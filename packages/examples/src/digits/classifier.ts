import * as tf from '@tensorflow/tfjs-core';
import {
  component,
  dropout,
  InitializerApplicator,
  inject,
  kaimingUniform,
  Metric,
  Model,
  ParameterSet,
  RandomStreams,
  RandomStreamsToken,
  RegularizerApplicator,
} from '@x/trainer-core';
import type { Batch, Built, ForwardMode, Outputs } from '@x/trainer-core';
import { z } from 'zod';

import { moved } from './moved.js';

/** Height and width of an image. */
const SIZE = 28;
const CLASSES = 10;
const KERNEL = 3;

export const DigitClassifierOptions = z.strictObject({
  channels: z
    .array(z.int().positive())
    .min(1)
    .max(4)
    .default([16, 32])
    .describe('Channels of each convolution; after each one the image is halved'),
  hidden: z.int().positive().default(128).describe('Units of the hidden layer'),
  dropout: z.number().min(0).lt(1).default(0.4).describe('Probability that a hidden unit is dropped in training'),
  shift: z.int().nonnegative().default(1).describe('Pixels that an image is moved by at most in training, at random'),
  metrics: z.array(component(Metric)).default([]).describe('Measured on "logits" against "label"'),
  initializer: component(InitializerApplicator)
    .optional()
    .describe('Overwrites the weights by patterns of their names'),
  regularizer: component(RegularizerApplicator)
    .optional()
    .describe('Penalties on the weights by patterns of their names'),
});

/** A convolutional network: 784 grey values, the rows of an image, to the logits of ten digits. */
@Model.register('digit_classifier', DigitClassifierOptions)
export class DigitClassifier extends Model {
  override readonly metrics: readonly Metric[];
  private readonly weights: Readonly<Record<string, tf.Variable>>;

  constructor(
    private readonly options: Built<z.output<typeof DigitClassifierOptions>>,
    @inject(RandomStreamsToken) streams: RandomStreams,
  ) {
    super();
    const { channels, hidden, metrics, initializer } = options;
    const random = streams.stream('initialization');
    this.metrics = metrics;
    const weights: Record<string, tf.Variable> = {};
    const layer = (name: string, shape: readonly number[], nonlinearity: 'relu' | 'linear'): void => {
      weights[`${name}.weight`] = tf.variable(kaimingUniform(shape, random.at(name), { nonlinearity }));
      weights[`${name}.bias`] = tf.variable(tf.zeros(shape.slice(-1)));
    };
    tf.tidy(() => {
      channels.forEach((count, i) => layer(`conv${i}`, [KERNEL, KERNEL, channels[i - 1] ?? 1, count], 'relu'));
      const side = Math.floor(SIZE / 2 ** channels.length);
      layer('hidden', [side * side * channels.at(-1)!, hidden], 'relu');
      layer('out', [hidden, CLASSES], 'linear');
    });
    this.weights = weights;
    initializer?.apply(ParameterSet.of(weights), random);
  }

  override namedVariables(): Readonly<Record<string, tf.Variable>> {
    return this.weights;
  }

  override regularizationPenalty(): tf.Scalar | null {
    return this.options.regularizer?.penalty(ParameterSet.of(this.weights)) ?? null;
  }

  override forward({ image, label }: Batch, { training }: ForwardMode): Outputs {
    const { channels, dropout: rate, shift } = this.options;
    const count = (image as tf.Tensor).shape[0];
    const images: tf.Tensor4D = tf.reshape(image as tf.Tensor, [count, SIZE, SIZE, 1]);
    const features = channels.reduce((x, _, i) => this.block(x, `conv${i}`), training ? moved(images, shift) : images);
    const hidden = tf.relu(this.dense(tf.reshape(features, [count, -1]), 'hidden'));
    const logits = this.dense(training ? dropout(hidden, rate) : hidden, 'out');
    if (label === undefined) return { logits };
    const target = tf.oneHot(tf.cast(label as tf.Tensor1D, 'int32'), CLASSES);
    return { logits, loss: tf.losses.softmaxCrossEntropy(target, logits) };
  }

  /** A convolution, and the largest of each 2 × 2 of its values. */
  private block(x: tf.Tensor4D, name: string): tf.Tensor4D {
    const [weight, bias] = this.weightsOf(name);
    return tf.maxPool(tf.relu(tf.add(tf.conv2d(x, weight as tf.Tensor4D, 1, 'same'), bias)), 2, 2, 'valid');
  }

  private dense(x: tf.Tensor2D, name: string): tf.Tensor2D {
    const [weight, bias] = this.weightsOf(name);
    return tf.add(tf.matMul(x, weight as tf.Tensor2D), bias);
  }

  private weightsOf(name: string): [weight: tf.Tensor, bias: tf.Tensor] {
    return [this.weights[`${name}.weight`]!, this.weights[`${name}.bias`]!];
  }
}
