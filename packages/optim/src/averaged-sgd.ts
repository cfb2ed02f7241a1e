import * as tf from '@tensorflow/tfjs-core';
import { inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type {
  Coefficients,
  HostScalars,
  Hyperparameters,
  InitialSlot,
  ParameterSet,
  RuleInput,
  RuleOutput,
} from '@x/trainer-core';
import { z } from 'zod';

import { learningRate, optimizerOptions } from './optimizer-options.js';
import { l2WeightDecay, penalized, unlessZero } from './weight-decay.js';

export const AveragedSgdOptions = optimizerOptions({
  lr: learningRate.default(0.01).describe('Learning rate of the first step; a change acts one step later'),
  lambd: z.number().nonnegative().default(1e-4).describe('Decay of the weights and of the learning rate'),
  alpha: z.number().nonnegative().default(0.75).describe('Power by which the learning rate falls'),
  t0: z.number().nonnegative().default(1e6).describe('The step after which the average starts'),
  weightDecay: l2WeightDecay,
});

export type AveragedSgdOptions = z.input<typeof AveragedSgdOptions>;

type AveragedSgdHyperparameters = z.output<typeof AveragedSgdOptions>;

/**
 * Averaged stochastic gradient descent (Polyak & Juditsky, 1992, "Acceleration of stochastic approximation by averaging", in
 * Bottou's form, as torch's `ASGD`), in the k-th update of a parameter, with eta = lr and mu = 1 at first:
 * ```text
 * d = g + weightDecay * p
 * p = p * (1 - lambd * eta) - eta * d
 * a = a + mu * (p - a)
 * eta = lr / (1 + lambd * lr * k)^alpha      for the next update
 * mu = 1 / max(1, k - t0)                    for the next update
 * ```
 * The average is kept, and is not copied into the model. The slot is `ax`, a; the host scalars are `eta` and `mu`.
 */
@Optimizer.register('averaged_sgd', AveragedSgdOptions)
@Optimizer.register('ASGD', AveragedSgdOptions)
export class AveragedSgd extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: AveragedSgdOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(AveragedSgdOptions, options, 'averaged_sgd'), parameters);
  }

  override initialSlots(): Readonly<Record<string, InitialSlot>> {
    return { ax: 0 };
  }

  override initialScalars(options: Hyperparameters): HostScalars {
    return { eta: (options as AveragedSgdHyperparameters).lr, mu: 1 };
  }

  override coefficients(options: Hyperparameters, _step: number, scalars: HostScalars): Coefficients {
    const { lambd, weightDecay } = options as AveragedSgdHyperparameters;
    const { eta, mu } = scalars as { eta: number; mu: number };
    return { eta, shrink: 1 - lambd * eta, mu: mu === 1 ? undefined : mu, weightDecay: unlessZero(weightDecay) };
  }

  override nextScalars(options: Hyperparameters, step: number): HostScalars {
    const { lr, lambd, alpha, t0 } = options as AveragedSgdHyperparameters;
    return { eta: lr / (1 + lambd * lr * step) ** alpha, mu: 1 / Math.max(1, step - t0) };
  }

  override update({ gradient, parameter, slots, coefficients: c }: RuleInput): RuleOutput {
    const d = penalized(gradient, parameter, c['weightDecay']);
    const moved = tf.sub(tf.mul(parameter, c['shrink']!), tf.mul(d, c['eta']!));
    const { ax } = slots as { ax: tf.Tensor };
    return {
      parameter: moved,
      slots: { ax: c['mu'] === undefined ? moved : tf.add(ax, tf.mul(tf.sub(moved, ax), c['mu'])) },
    };
  }
}
