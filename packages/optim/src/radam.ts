import * as tf from '@tensorflow/tfjs-core';
import { inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, InitialSlot, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import type { z } from 'zod';

import { adamCoefficients, MOMENT_SLOTS, momentFields, moments } from './adam-moments.js';
import { learningRate, optimizerOptions } from './optimizer-options.js';
import { l2WeightDecay, penalized, unlessZero } from './weight-decay.js';

export const RAdamOptions = optimizerOptions({
  lr: learningRate.default(1e-3).describe('Learning rate'),
  ...momentFields,
  weightDecay: l2WeightDecay,
});

export type RAdamOptions = z.input<typeof RAdamOptions>;

type RAdamHyperparameters = z.output<typeof RAdamOptions>;

/**
 * Rectified Adam (Liu et al., 2020, "On the variance of the adaptive learning rate and beyond"), as torch has it, in the
 * k-th update of a parameter:
 * ```text
 * d = g + weightDecay * p
 * m, v = moments(d)
 * rInf = 2 / (1 - beta2) - 1, r = rInf - 2 k beta2^k / (1 - beta2^k)
 * p = p - lr / (1 - beta1^k) * m * (r > 5 ? R * sqrt(1 - beta2^k) / (sqrt(v) + eps) : 1)
 * R = sqrt((r - 4) (r - 2) rInf / ((rInf - 4) (rInf - 2) r))
 * ```
 * The slots are `expAvg`, m, and `expAvgSq`, v.
 */
@Optimizer.register('radam', RAdamOptions)
@Optimizer.register('RAdam', RAdamOptions)
@Optimizer.register('torch.RAdam', RAdamOptions)
export class RAdam extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: RAdamOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(RAdamOptions, options, 'radam'), parameters);
  }

  override initialSlots(): Readonly<Record<string, InitialSlot>> {
    return MOMENT_SLOTS;
  }

  override coefficients(options: Hyperparameters, step: number): Coefficients {
    const hyperparameters = options as RAdamHyperparameters;
    const { stepSize, rootCorrection, eps, ...rest } = adamCoefficients(hyperparameters, step);
    const rectification = rectify(hyperparameters.betas[1], step);
    return {
      ...rest,
      stepSize: stepSize! * (rectification === undefined ? 1 : rectification * rootCorrection!),
      eps: rectification === undefined ? undefined : eps,
      weightDecay: unlessZero(hyperparameters.weightDecay),
    };
  }

  override update({ gradient, parameter, slots, coefficients: c }: RuleInput): RuleOutput {
    const { expAvg, expAvgSq } = moments(penalized(gradient, parameter, c['weightDecay']), slots, c);
    const direction = c['eps'] === undefined ? expAvg : tf.div(expAvg, tf.add(tf.sqrt(expAvgSq), c['eps']));
    return { parameter: tf.sub(parameter, tf.mul(direction, c['stepSize']!)), slots: { expAvg, expAvgSq } };
  }
}

/** R, or undefined while the variance of the adaptive rate cannot be told. */
function rectify(beta2: number, step: number): number | undefined {
  const limit = 2 / (1 - beta2) - 1;
  const length = limit - (2 * step * beta2 ** step) / (1 - beta2 ** step);
  if (length <= 5) return undefined;
  return Math.sqrt(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length));
}
