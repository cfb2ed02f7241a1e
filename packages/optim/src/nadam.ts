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

import { MOMENT_SLOTS, momentCoefficients, momentFields, moments } from './adam-moments.js';
import { learningRate, optimizerOptions } from './optimizer-options.js';
import { l2WeightDecay, penalized, unlessZero } from './weight-decay.js';

export const NAdamOptions = optimizerOptions({
  lr: learningRate.default(2e-3).describe('Learning rate'),
  ...momentFields,
  weightDecay: l2WeightDecay,
  momentumDecay: z.number().nonnegative().default(4e-3).describe('How fast the momentum grows to beta1'),
});

export type NAdamOptions = z.input<typeof NAdamOptions>;

type NAdamHyperparameters = z.output<typeof NAdamOptions>;

/**
 * Adam with Nesterov momentum (Dozat, 2016, "Incorporating Nesterov momentum into Adam"), as torch has it since 2.0 (1.13
 * has mu_k twice), in the k-th update of a parameter:
 * ```text
 * d = g + weightDecay * p
 * m, v = moments(d)
 * mu_k = beta1 * (1 - 0.96^(k * momentumDecay) / 2), P = mu_1 * ... * mu_k
 * p = p - lr * ((1 - mu_k) / (1 - P) * d + mu_(k+1) / (1 - P * mu_(k+1)) * m) / (sqrt(v / (1 - beta2^k)) + eps)
 * ```
 * The slots are `expAvg`, m, and `expAvgSq`, v; the host scalar is `muProduct`, P.
 */
@Optimizer.register('nadam', NAdamOptions)
@Optimizer.register('NAdam', NAdamOptions)
@Optimizer.register('torch.NAdam', NAdamOptions)
export class NAdam extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: NAdamOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(NAdamOptions, options, 'nadam'), parameters);
  }

  override initialSlots(): Readonly<Record<string, InitialSlot>> {
    return MOMENT_SLOTS;
  }

  override initialScalars(): HostScalars {
    return { muProduct: 1 };
  }

  override coefficients(options: Hyperparameters, step: number, scalars: HostScalars): Coefficients {
    const hyperparameters = options as NAdamHyperparameters;
    const { lr, betas, eps, weightDecay } = hyperparameters;
    const [mu, nextMu] = [momentumAt(hyperparameters, step), momentumAt(hyperparameters, step + 1)];
    const product = scalars['muProduct']! * mu;
    return {
      ...momentCoefficients(betas),
      gradientStep: (lr * (1 - mu)) / (1 - product),
      momentStep: (lr * nextMu) / (1 - product * nextMu),
      secondCorrection: 1 - betas[1] ** step,
      eps,
      weightDecay: unlessZero(weightDecay),
    };
  }

  override nextScalars(options: Hyperparameters, step: number, scalars: HostScalars): HostScalars {
    return { muProduct: scalars['muProduct']! * momentumAt(options as NAdamHyperparameters, step) };
  }

  override update({ gradient, parameter, slots, coefficients: c }: RuleInput): RuleOutput {
    const d = penalized(gradient, parameter, c['weightDecay']);
    const { expAvg, expAvgSq } = moments(d, slots, c);
    const root = tf.add(tf.sqrt(tf.div(expAvgSq, c['secondCorrection']!)), c['eps']!);
    const direction = tf.add(tf.mul(d, c['gradientStep']!), tf.mul(expAvg, c['momentStep']!));
    return { parameter: tf.sub(parameter, tf.div(direction, root)), slots: { expAvg, expAvgSq } };
  }
}

function momentumAt({ betas: [beta1], momentumDecay }: NAdamHyperparameters, step: number): number {
  return beta1 * (1 - 0.5 * 0.96 ** (step * momentumDecay));
}
