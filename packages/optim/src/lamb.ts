import * as tf from '@tensorflow/tfjs-core';
import { inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, InitialSlot, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import { z } from 'zod';

import { MOMENT_SLOTS, momentCoefficients, momentFields, moments } from './adam-moments.js';
import { norm } from './norm.js';
import { learningRate, optimizerOptions, rootEps } from './optimizer-options.js';
import { unlessZero } from './weight-decay.js';

export const LambOptions = optimizerOptions({
  lr: learningRate.default(1e-3).describe('Learning rate'),
  betas: momentFields.betas,
  eps: rootEps(1e-6),
  weightDecay: z.number().nonnegative().default(0.01).describe('Share of the weights in the direction of a step'),
  biasCorrection: z.boolean().default(true).describe("Divides out the averages' start at zero"),
  gradAveraging: z.boolean().default(true).describe('A new gradient enters its average times 1 - beta1, else whole'),
  trustClip: z.boolean().default(false).describe('Bounds the trust ratio by 1 (LAMBC)'),
  alwaysAdapt: z
    .boolean()
    .default(false)
    .describe('Takes the trust ratio also without weight decay; else parameters without decay step as in Adam'),
});

export type LambOptions = z.input<typeof LambOptions>;

type LambHyperparameters = z.output<typeof LambOptions>;

/**
 * LAMB (You et al., 2020, "Large batch optimization for deep learning: training BERT in 76 minutes"), with the options and
 * defaults of timm's `Lamb`: Adam whose step is as long as the weights, parameter by parameter.
 * ```text
 * m = beta1 * m + (1 - beta1) * g
 * v = beta2 * v + (1 - beta2) * g^2
 * u = (m / (1 - beta1^k)) / (sqrt(v) / sqrt(1 - beta2^k) + eps) + weightDecay * p
 * p = p - lr * |p| / |u| * u                 the ratio is 1 where one of the norms is 0
 * ```
 * timm also bounds the norm of all gradients by 1 on its own; here that is the trainer's `gradNorm`. Slots: `expAvg`,
 * `expAvgSq`.
 */
@Optimizer.register('lamb', LambOptions)
export class Lamb extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: LambOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(LambOptions, options, 'lamb'), parameters);
  }

  override initialSlots(): Readonly<Record<string, InitialSlot>> {
    return MOMENT_SLOTS;
  }

  override coefficients(options: Hyperparameters, step: number): Coefficients {
    const hyperparameters = options as LambHyperparameters;
    const { lr, betas, eps, weightDecay, biasCorrection, gradAveraging, trustClip, alwaysAdapt } = hyperparameters;
    const adapts = weightDecay !== 0 || alwaysAdapt;
    return {
      lr,
      ...momentCoefficients(betas),
      ...(gradAveraging ? {} : { fresh1: 1 }),
      correction: biasCorrection ? 1 - betas[0] ** step : 1,
      rootCorrection: biasCorrection ? Math.sqrt(1 - betas[1] ** step) : 1,
      eps,
      weightDecay: unlessZero(weightDecay),
      neutralRatio: adapts ? 1 : undefined,
      largestRatio: adapts && trustClip ? 1 : undefined,
    };
  }

  override update({ gradient, parameter, slots, coefficients: c }: RuleInput): RuleOutput {
    const { expAvg, expAvgSq } = moments(gradient, slots, c);
    const root = tf.add(tf.div(tf.sqrt(expAvgSq), c['rootCorrection']!), c['eps']!);
    const adam = tf.div(tf.div(expAvg, c['correction']!), root);
    const direction = c['weightDecay'] === undefined ? adam : tf.add(adam, tf.mul(parameter, c['weightDecay']));
    const step = tf.mul(tf.mul(direction, trustRatio(parameter, direction, c)), c['lr']!);
    return { parameter: tf.sub(parameter, step), slots: { expAvg, expAvgSq } };
  }
}

/** |p| / |u|, where it is defined and asked for. */
function trustRatio(parameter: tf.Tensor, direction: tf.Tensor, c: RuleInput['coefficients']): tf.Tensor | number {
  const { neutralRatio, largestRatio } = c;
  if (neutralRatio === undefined) return 1;
  const [weights, update] = [norm(parameter), norm(direction)];
  const defined = tf.logicalAnd(tf.greater(weights, 0), tf.greater(update, 0));
  // both branches of a `where` are computed: no division by zero in the one that is not taken
  const ratio = tf.div(tf.where(defined, weights, neutralRatio), tf.where(defined, update, neutralRatio));
  return largestRatio === undefined ? ratio : tf.minimum(ratio, largestRatio);
}
