import * as tf from '@tensorflow/tfjs-core';
import { inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import { z } from 'zod';

import { momentCoefficients } from './adam-moments.js';
import { decayRate, learningRate, optimizerOptions } from './optimizer-options.js';
import { runningAverage } from './running-average.js';
import { decoupledWeightDecay } from './weight-decay.js';

export const LionOptions = optimizerOptions({
  lr: learningRate.default(1e-4).describe('Learning rate: how far every weight moves in a step'),
  betas: z
    .tuple([decayRate, decayRate])
    .default([0.9, 0.99])
    .describe('Shares of the momentum in the direction of a step, and in the momentum of the next one'),
  weightDecay: decoupledWeightDecay(0),
});

export type LionOptions = z.input<typeof LionOptions>;

type LionHyperparameters = z.output<typeof LionOptions>;

/**
 * Lion (Chen et al., 2023, "Symbolic discovery of optimization algorithms"): only the sign of the momentum counts.
 * ```text
 * p = p * (1 - lr * weightDecay)
 * p = p - lr * sign(beta1 * m + (1 - beta1) * g)
 * m = beta2 * m + (1 - beta2) * g
 * ```
 * The authors advise a third to a tenth of AdamW's learning rate, and so many times its weight decay. The slot is `expAvg`, m.
 */
@Optimizer.register('lion', LionOptions)
export class Lion extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: LionOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(LionOptions, options, 'lion'), parameters);
  }

  override initialSlots(): Readonly<Record<string, number>> {
    return { expAvg: 0 };
  }

  override coefficients(options: Hyperparameters): Coefficients {
    const { lr, betas, weightDecay } = options as LionHyperparameters;
    return { lr, ...momentCoefficients(betas), shrink: 1 - lr * weightDecay };
  }

  override update({ gradient, parameter, slots, coefficients: c }: RuleInput): RuleOutput {
    const momentum = slots['expAvg']!;
    const direction = tf.sign(runningAverage(momentum, gradient, c['beta1']!, c['fresh1']!));
    return {
      parameter: tf.sub(tf.mul(parameter, c['shrink']!), tf.mul(direction, c['lr']!)),
      slots: { expAvg: runningAverage(momentum, gradient, c['beta2']!, c['fresh2']!) },
    };
  }
}
