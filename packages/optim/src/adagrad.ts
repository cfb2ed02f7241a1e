import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, InitialSlot, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import { z } from 'zod';

import { learningRate, optimizerOptions, rootEps } from './optimizer-options.js';
import { l2WeightDecay, penalized, unlessZero } from './weight-decay.js';

export const AdagradOptions = optimizerOptions({
  lr: learningRate.default(0.01).describe('Learning rate'),
  lrDecay: z
    .number()
    .nonnegative()
    .default(0)
    .describe('How fast the learning rate falls: lr / (1 + (k - 1) * lrDecay)'),
  weightDecay: l2WeightDecay,
  initialAccumulatorValue: z.number().nonnegative().default(0).describe('What the sum of squares starts from'),
  eps: rootEps(1e-10),
});

export type AdagradOptions = z.input<typeof AdagradOptions>;

type AdagradHyperparameters = z.output<typeof AdagradOptions>;

/**
 * Adagrad (Duchi et al., 2011, "Adaptive subgradient methods for online learning and stochastic optimization"), in the k-th
 * update of a parameter:
 * ```text
 * d = g + weightDecay * p
 * s = s + d^2
 * p = p - lr / (1 + (k - 1) * lrDecay) * d / (sqrt(s) + eps)
 * ```
 * A row that a row-sparse gradient does not touch stays as it is by the formula, since its d is 0. The slot is `sum`, s.
 */
@Optimizer.register('adagrad', AdagradOptions)
@Optimizer.register('Adagrad', AdagradOptions)
export class Adagrad extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: AdagradOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(AdagradOptions, options, 'adagrad'), parameters);
  }

  override initialSlots(options: Hyperparameters): Readonly<Record<string, InitialSlot>> {
    return { sum: (options as AdagradHyperparameters).initialAccumulatorValue };
  }

  override coefficients(options: Hyperparameters, step: number): Coefficients {
    const { lr, lrDecay, weightDecay, eps } = options as AdagradHyperparameters;
    return { stepSize: lr / (1 + (step - 1) * lrDecay), weightDecay: unlessZero(weightDecay), eps };
  }

  /** @throws ConfigError for weight decay of a row-sparse gradient: it would move every row. */
  override update({ gradient, parameter, slots, coefficients: c, touchedRows }: RuleInput): RuleOutput {
    if (touchedRows !== undefined && c['weightDecay'] !== undefined) throw decaysEveryRow();
    const d = penalized(gradient, parameter, c['weightDecay']);
    const sum = tf.add(slots['sum']!, tf.square(d));
    const scaled = tf.div(d, tf.add(tf.sqrt(sum), c['eps']!));
    return { parameter: tf.sub(parameter, tf.mul(scaled, c['stepSize']!)), slots: { sum } };
  }
}

function decaysEveryRow(): ConfigError {
  return ConfigError.of(
    'X_CONFIG_INVALID',
    'weightDecay',
    'moves every row, and a row-sparse gradient shall move those that it touches; give the tables of sparseLookup a ' +
      'parameter group with weightDecay 0',
    'the options of adagrad',
  );
}
