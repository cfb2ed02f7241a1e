import * as tf from '@tensorflow/tfjs-core';
import { inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, InitialSlot, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import { z } from 'zod';

import { learningRate, optimizerOptions, rootEps } from './optimizer-options.js';
import { runningAverage } from './running-average.js';
import { l2WeightDecay, penalized, unlessZero } from './weight-decay.js';

export const RmsPropOptions = optimizerOptions({
  lr: learningRate.default(0.01).describe('Learning rate'),
  alpha: z.number().min(0).max(1).default(0.99).describe('Decay rate of the running averages'),
  eps: rootEps(1e-8),
  weightDecay: l2WeightDecay,
  momentum: z.number().nonnegative().default(0).describe('Factor on the velocity of the step before'),
  centered: z
    .boolean()
    .default(false)
    .describe('Divides by the standard deviation of the gradient, not by its root mean square'),
});

export type RmsPropOptions = z.input<typeof RmsPropOptions>;

type RmsPropHyperparameters = z.output<typeof RmsPropOptions>;

/**
 * RMSProp (Tieleman & Hinton, 2012, lecture 6.5; centered: Graves, 2013, "Generating sequences with recurrent neural
 * networks"), as torch has it:
 * ```text
 * d = g + weightDecay * p
 * v = alpha * v + (1 - alpha) * d^2
 * a = alpha * a + (1 - alpha) * d              centered only
 * D = d / (sqrt(centered ? v - a^2 : v) + eps)
 * b = momentum * b + D                         with momentum only
 * p = p - lr * (momentum > 0 ? b : D)
 * ```
 * The slots are `squareAvg`, v, and, where they are needed, `gradAvg`, a, and `momentumBuffer`, b.
 */
@Optimizer.register('rmsprop', RmsPropOptions)
@Optimizer.register('RMSprop', RmsPropOptions)
export class RmsProp extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: RmsPropOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(RmsPropOptions, options, 'rmsprop'), parameters);
  }

  override initialSlots(options: Hyperparameters): Readonly<Record<string, InitialSlot>> {
    const { momentum, centered } = options as RmsPropHyperparameters;
    return { squareAvg: 0, ...(centered ? { gradAvg: 0 } : {}), ...(momentum === 0 ? {} : { momentumBuffer: 0 }) };
  }

  override optionalSlots(): Readonly<Record<string, InitialSlot>> {
    return { gradAvg: 0, momentumBuffer: 0 };
  }

  override coefficients(options: Hyperparameters): Coefficients {
    const { lr, alpha, eps, weightDecay, momentum } = options as RmsPropHyperparameters;
    return {
      lr,
      alpha,
      fresh: 1 - alpha,
      eps,
      weightDecay: unlessZero(weightDecay),
      momentum: unlessZero(momentum),
    };
  }

  override update({ gradient, parameter, slots, coefficients: c }: RuleInput): RuleOutput {
    const average = (before: tf.Tensor, value: tf.Tensor): tf.Tensor =>
      runningAverage(before, value, c['alpha']!, c['fresh']!);
    const d = penalized(gradient, parameter, c['weightDecay']);
    const squareAvg = average(slots['squareAvg']!, tf.square(d));
    const gradAvg = slots['gradAvg'] && average(slots['gradAvg'], d);
    // a variance, which rounding can make negative
    const square = gradAvg === undefined ? squareAvg : tf.relu(tf.sub(squareAvg, tf.square(gradAvg)));
    const scaled = tf.div(d, tf.add(tf.sqrt(square), c['eps']!));
    const buffer = slots['momentumBuffer'] && tf.add(tf.mul(slots['momentumBuffer'], c['momentum']!), scaled);
    return {
      parameter: tf.sub(parameter, tf.mul(buffer ?? scaled, c['lr']!)),
      slots: { squareAvg, ...(gradAvg && { gradAvg }), ...(buffer && { momentumBuffer: buffer }) },
    };
  }
}
