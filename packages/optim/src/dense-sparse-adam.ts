import * as tf from '@tensorflow/tfjs-core';
import { inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, InitialSlot, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import type { z } from 'zod';

import { MOMENT_SLOTS, momentFields, moments } from './adam-moments.js';
import type { MomentHyperparameters } from './adam-moments.js';
import { lazyAdamCoefficients, lazyAdamStep } from './lazy-adam.js';
import { learningRate, optimizerOptions } from './optimizer-options.js';

export const DenseSparseAdamOptions = optimizerOptions({
  lr: learningRate.default(1e-3).describe('Learning rate'),
  ...momentFields,
});

export type DenseSparseAdamOptions = z.input<typeof DenseSparseAdamOptions>;

/**
 * Adam for both kinds of gradients (AllenNLP's `DenseSparseAdam`): {@link lazyAdamStep} for a row-sparse gradient, and for
 * a dense one, in which eps is not corrected as in `adam`,
 * ```text
 * m, v = moments(g)
 * p = p - lr * sqrt(1 - beta2^k) / (1 - beta1^k) * m / (sqrt(v) + eps)
 * ```
 * The slots are `expAvg` and `expAvgSq`.
 */
@Optimizer.register('dense_sparse_adam', DenseSparseAdamOptions)
export class DenseSparseAdam extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: DenseSparseAdamOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(DenseSparseAdamOptions, options, 'dense_sparse_adam'), parameters);
  }

  override initialSlots(): Readonly<Record<string, InitialSlot>> {
    return MOMENT_SLOTS;
  }

  override coefficients(options: Hyperparameters, step: number): Coefficients {
    return lazyAdamCoefficients(options as MomentHyperparameters, step);
  }

  override update(input: RuleInput): RuleOutput {
    const { gradient, parameter, slots, coefficients: c, touchedRows } = input;
    if (touchedRows !== undefined) return lazyAdamStep(input, touchedRows);
    const { expAvg, expAvgSq } = moments(gradient, slots, c);
    const direction = tf.div(expAvg, tf.add(tf.sqrt(expAvgSq), c['eps']!));
    return { parameter: tf.sub(parameter, tf.mul(direction, c['stepSize']!)), slots: { expAvg, expAvgSq } };
  }
}
