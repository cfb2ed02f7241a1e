import * as tf from '@tensorflow/tfjs-core';
import { inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, InitialSlot, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import { z } from 'zod';

import { learningRate, optimizerOptions } from './optimizer-options.js';
import { runningAverage } from './running-average.js';
import { l2WeightDecay, penalized, unlessZero } from './weight-decay.js';

export const AdadeltaOptions = optimizerOptions({
  lr: learningRate.default(1).describe('Factor on the step'),
  rho: z.number().min(0).max(1).default(0.9).describe('Decay rate of the running averages'),
  eps: z.number().nonnegative().default(1e-6).describe('Added below the roots; the first steps grow with it'),
  weightDecay: l2WeightDecay,
});

export type AdadeltaOptions = z.input<typeof AdadeltaOptions>;

type AdadeltaHyperparameters = z.output<typeof AdadeltaOptions>;

/**
 * Adadelta (Zeiler, 2012, "ADADELTA: an adaptive learning rate method"):
 * ```text
 * d = g + weightDecay * p
 * v = rho * v + (1 - rho) * d^2
 * D = sqrt(a + eps) / sqrt(v + eps) * d
 * a = rho * a + (1 - rho) * D^2
 * p = p - lr * D
 * ```
 * The slots are `squareAvg`, v, and `accDelta`, a.
 */
@Optimizer.register('adadelta', AdadeltaOptions)
@Optimizer.register('Adadelta', AdadeltaOptions)
export class Adadelta extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: AdadeltaOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(AdadeltaOptions, options, 'adadelta'), parameters);
  }

  override initialSlots(): Readonly<Record<string, InitialSlot>> {
    return { squareAvg: 0, accDelta: 0 };
  }

  override coefficients(options: Hyperparameters): Coefficients {
    const { lr, rho, eps, weightDecay } = options as AdadeltaHyperparameters;
    return { lr, rho, fresh: 1 - rho, eps, weightDecay: unlessZero(weightDecay) };
  }

  override update({ gradient, parameter, slots, coefficients: c }: RuleInput): RuleOutput {
    const average = (before: tf.Tensor, value: tf.Tensor): tf.Tensor =>
      runningAverage(before, tf.square(value), c['rho']!, c['fresh']!);
    const root = (value: tf.Tensor): tf.Tensor => tf.sqrt(tf.add(value, c['eps']!));
    const d = penalized(gradient, parameter, c['weightDecay']);
    const squareAvg = average(slots['squareAvg']!, d);
    const delta = tf.mul(tf.div(root(slots['accDelta']!), root(squareAvg)), d);
    return {
      parameter: tf.sub(parameter, tf.mul(delta, c['lr']!)),
      slots: { squareAvg, accDelta: average(slots['accDelta']!, delta) },
    };
  }
}
