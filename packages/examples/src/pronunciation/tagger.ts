import * as tf from '@tensorflow/tfjs-core';
import {
  component,
  inject,
  Metric,
  Model,
  orthogonal,
  RandomStreams,
  RandomStreamsToken,
  xavierUniform,
} from '@x/trainer-core';
import type { Batch, Built, Outputs, RandomStream } from '@x/trainer-core';
import { z } from 'zod';

import { lstm } from './lstm.js';
import type { LstmWeights } from './lstm.js';
import { LETTERS, PHONEMES } from './words.js';

export const LetterTaggerOptions = z.strictObject({
  units: z.int().positive().default(32).describe('The size of the state in each direction'),
  metrics: z.array(component(Metric)).default([]).describe('Measured on "logits" against "phonemes"'),
});

/** Tags each letter with a phoneme: an LSTM in both directions over one-hot letters, and a linear layer. */
@Model.register('letter_tagger', LetterTaggerOptions)
export class LetterTagger extends Model {
  override readonly metrics: readonly Metric[];
  private readonly weights: Readonly<Record<string, tf.Variable>>;

  constructor(
    { units, metrics }: Built<z.output<typeof LetterTaggerOptions>>,
    @inject(RandomStreamsToken) streams: RandomStreams,
  ) {
    super();
    this.metrics = metrics;
    const random = streams.stream('initialization');
    this.weights = tf.tidy(() => ({
      ...lstmVariables('forwards', LETTERS.length, units, random),
      ...lstmVariables('backwards', LETTERS.length, units, random),
      'out.weight': tf.variable(xavierUniform([2 * units, PHONEMES.length], random.at('out'))),
      'out.bias': tf.variable(tf.zeros([PHONEMES.length])),
    }));
  }

  override namedVariables(): Readonly<Record<string, tf.Variable>> {
    return this.weights;
  }

  /** `letters` and `phonemes` are numbers [batch, time], `lettersMask` tells letters (1) from padding (0). */
  override forward({ letters, lettersMask, phonemes }: Batch): Outputs {
    const inputs = tf.oneHot(letters as tf.Tensor2D, LETTERS.length, 1, 0, 'float32') as tf.Tensor3D;
    const mask = lettersMask as tf.Tensor2D;
    const states = tf.concat(
      [
        lstm(inputs, mask, this.lstmWeights('forwards')),
        lstm(inputs, mask, this.lstmWeights('backwards'), { backwards: true }),
      ],
      2,
    );
    const [batch, time, size] = states.shape;
    const weight = this.weights['out.weight'] as tf.Tensor as tf.Tensor2D;
    const scores = tf.add(tf.matMul(tf.reshape(states, [batch * time, size]), weight), this.weights['out.bias']!);
    const logits = tf.reshape(scores, [batch, time, PHONEMES.length]);
    if (phonemes === undefined) return { logits };
    const truth = tf.oneHot(phonemes as tf.Tensor2D, PHONEMES.length);
    const surprise = tf.neg(tf.sum(tf.mul(truth, tf.logSoftmax(logits)), 2));
    return { logits, loss: tf.div(tf.sum(tf.mul(surprise, mask)), tf.sum(mask)) };
  }

  private lstmWeights(direction: string): LstmWeights {
    const weight = (name: string): tf.Tensor => this.weights[`${direction}.${name}`]!;
    return { kernel: weight('kernel'), recurrent: weight('recurrent'), bias: weight('bias') };
  }
}

function lstmVariables(name: string, inputs: number, units: number, random: RandomStream): Record<string, tf.Variable> {
  const stream = random.at(name);
  // A cell that remembers at first: bias 1 at the forget gate (Jozefowicz et al., 2015)
  const bias = tf.concat([tf.zeros([units]), tf.ones([units]), tf.zeros([2 * units])]);
  return {
    [`${name}.kernel`]: tf.variable(xavierUniform([inputs, 4 * units], stream.at('kernel'))),
    [`${name}.recurrent`]: tf.variable(orthogonal([units, 4 * units], stream.at('recurrent'))),
    [`${name}.bias`]: tf.variable(bias),
  };
}
