import * as tf from '@tensorflow/tfjs-core';
import { inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, InitialSlot, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import { z } from 'zod';

import { learningRate, optimizerOptions } from './optimizer-options.js';

export const RpropOptions = optimizerOptions(
  {
    lr: learningRate.default(0.01).describe('The step size of every element at first; later changes have no effect'),
    etas: z
      .tuple([z.number().gt(0).lt(1), z.number().gt(1)])
      .default([0.5, 1.2])
      .describe('Factors on a step size where the sign of the gradient changed, and where it did not'),
    stepSizes: z
      .tuple([z.number().nonnegative(), z.number().nonnegative()])
      .default([1e-6, 50])
      .describe('The smallest and the largest step size'),
  },
  {
    path: 'stepSizes',
    holds: ({ stepSizes }) => (stepSizes as [number, number])[0] <= (stepSizes as [number, number])[1],
    error: 'the smallest step size must not be above the largest',
  },
);

export type RpropOptions = z.input<typeof RpropOptions>;

type RpropHyperparameters = z.output<typeof RpropOptions>;

/**
 * Resilient backpropagation (Riedmiller & Braun, 1993, in the variant iRprop- of Igel & Huesken, 2000), as torch has it. Per
 * element, with the gradient h of the update before:
 * ```text
 * s = clamp(s * (g h > 0 ? etas[1] : g h < 0 ? etas[0] : 1), stepSizes)
 * g = 0 where g h < 0
 * p = p - sign(g) * s
 * h = g
 * ```
 * For gradients of the whole data: signs of noisy ones mean little. The slots are `stepSize`, s, which starts from lr, and
 * `prev`, h.
 */
@Optimizer.register('rprop', RpropOptions)
@Optimizer.register('Rprop', RpropOptions)
export class Rprop extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: RpropOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(RpropOptions, options, 'rprop'), parameters);
  }

  override initialSlots(options: Hyperparameters): Readonly<Record<string, InitialSlot>> {
    return { prev: 0, stepSize: (options as RpropHyperparameters).lr };
  }

  override coefficients(options: Hyperparameters): Coefficients {
    const { etas, stepSizes } = options as RpropHyperparameters;
    return { shrink: etas[0], grow: etas[1], smallest: stepSizes[0], largest: stepSizes[1] };
  }

  override update({ gradient, parameter, slots, coefficients: c }: RuleInput): RuleOutput {
    const before = slots['stepSize']!;
    const agreement = tf.mul(gradient, slots['prev']!);
    const turned = tf.less(agreement, 0);
    const kept = tf.where(tf.greater(agreement, 0), tf.mul(before, c['grow']!), before);
    const scaled = tf.where(turned, tf.mul(before, c['shrink']!), kept);
    const stepSize = tf.minimum(tf.maximum(scaled, c['smallest']!), c['largest']!);
    const followed = tf.where(turned, tf.zerosLike(gradient), gradient);
    return {
      parameter: tf.sub(parameter, tf.mul(tf.sign(followed), stepSize)),
      slots: { prev: followed, stepSize },
    };
  }
}
