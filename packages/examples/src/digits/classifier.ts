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

export const DigitClassifierOptions = z.strictObject({
  hidden: z.int().positive().default(128).describe('Units of the hidden layer'),
  dropout: z.number().min(0).lt(1).default(0.2).describe('Probability that a hidden unit is dropped in training'),
  metrics: z.array(component(Metric)).default([]).describe('Measured on "logits" against "label"'),
  initializer: component(InitializerApplicator)
    .optional()
    .describe('Overwrites the weights by patterns of their names'),
  regularizer: component(RegularizerApplicator)
    .optional()
    .describe('Penalties on the weights by patterns of their names'),
});

/** A perceptron with one hidden layer: 784 grey values to the logits of ten digits. */
@Model.register('digit_classifier', DigitClassifierOptions)
export class DigitClassifier extends Model {
  override readonly metrics: readonly Metric[];
  private readonly weights: Readonly<Record<'hidden.weight' | 'hidden.bias' | 'out.weight' | 'out.bias', tf.Variable>>;

  constructor(
    private readonly options: Built<z.output<typeof DigitClassifierOptions>>,
    @inject(RandomStreamsToken) streams: RandomStreams,
  ) {
    super();
    const random = streams.stream('initialization');
    this.metrics = options.metrics;
    this.weights = tf.tidy(() => ({
      'hidden.weight': tf.variable(
        kaimingUniform([784, options.hidden], random.at('hidden'), { nonlinearity: 'relu' }),
      ),
      'hidden.bias': tf.variable(tf.zeros([options.hidden])),
      'out.weight': tf.variable(kaimingUniform([options.hidden, 10], random.at('out'))),
      'out.bias': tf.variable(tf.zeros([10])),
    }));
    options.initializer?.apply(ParameterSet.of(this.weights), random);
  }

  override namedVariables(): Readonly<Record<string, tf.Variable>> {
    return this.weights;
  }

  override regularizationPenalty(): tf.Scalar | null {
    return this.options.regularizer?.penalty(ParameterSet.of(this.weights)) ?? null;
  }

  override forward({ image, label }: Batch, { training }: ForwardMode): Outputs {
    const { weights } = this;
    const layer = (x: tf.Tensor, name: 'hidden' | 'out'): tf.Tensor =>
      tf.add(
        tf.matMul(x as tf.Tensor2D, weights[`${name}.weight`] as tf.Tensor as tf.Tensor2D),
        weights[`${name}.bias`],
      );
    const hidden = tf.relu(layer(image as tf.Tensor, 'hidden'));
    const logits = layer(training ? dropout(hidden, this.options.dropout) : hidden, 'out');
    if (label === undefined) return { logits };
    const target = tf.oneHot(tf.cast(label as tf.Tensor1D, 'int32'), 10);
    return { logits, loss: tf.losses.softmaxCrossEntropy(target, logits) };
  }
}
