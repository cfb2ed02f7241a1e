import * as tf from '@tensorflow/tfjs-core';
import { inject, ModelParameters, MovingAverage, parseOptions } from '@x/trainer-core';
import type { Coefficients, ParameterSet, RuleInput } from '@x/trainer-core';
import { z } from 'zod';

import { runningAverage } from './running-average.js';

export const ExponentialMovingAverageOptions = z.strictObject({
  decay: z
    .number()
    .min(0)
    .max(1)
    .default(0.9999)
    .describe('The share of the old average that is kept, in the long run'),
  numerator: z
    .number()
    .nonnegative()
    .default(1)
    .describe('Early on the share is at most (numerator + n) / (denominator + n) in step n'),
  denominator: z.number().positive().default(10).describe('See numerator'),
});

export type ExponentialMovingAverageOptions = z.input<typeof ExponentialMovingAverageOptions>;

/**
 * An exponential average of the weights: shadow = d * shadow + (1 - d) * p, with d = min(decay, (numerator + n) /
 * (denominator + n)) in step n, so that early averages follow the weights closely; d = decay where n is not told. This is
 * AllenNLP's rule, after TensorFlow's `ExponentialMovingAverage`.
 */
@MovingAverage.register('exponential', ExponentialMovingAverageOptions)
export class ExponentialMovingAverage extends MovingAverage {
  private readonly options: z.output<typeof ExponentialMovingAverageOptions>;

  /** @throws ConfigError for options out of range. */
  constructor(options: ExponentialMovingAverageOptions, @inject(ModelParameters) parameters: ParameterSet) {
    // first, so that refused options leave no averages behind
    const checked = parseOptions(ExponentialMovingAverageOptions, options, 'the exponential moving average');
    super(parameters);
    this.options = checked;
  }

  override coefficients(numUpdates: number | null): Coefficients {
    const { decay, numerator, denominator } = this.options;
    const kept = numUpdates === null ? decay : Math.min(decay, (numerator + numUpdates) / (denominator + numUpdates));
    return { kept, fresh: 1 - kept };
  }

  override update(shadow: tf.Tensor, parameter: tf.Tensor, { kept, fresh }: RuleInput['coefficients']): tf.Tensor {
    return runningAverage(shadow, parameter, kept!, fresh!);
  }
}
