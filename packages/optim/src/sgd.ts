import * as tf from '@tensorflow/tfjs-core';
import { inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, InitialSlot, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import { z } from 'zod';

import { learningRate, optimizerOptions } from './optimizer-options.js';
import { l2WeightDecay, penalized, unlessZero } from './weight-decay.js';

export const SgdOptions = optimizerOptions(
  {
    lr: learningRate.describe('Learning rate'),
    momentum: z.number().nonnegative().default(0).describe('Factor on the velocity of the step before'),
    dampening: z.number().default(0).describe('How much of a new gradient is left out of the velocity'),
    weightDecay: l2WeightDecay,
    nesterov: z.boolean().default(false).describe('Looks ahead along the velocity; needs momentum and no dampening'),
  },
  {
    path: 'nesterov',
    holds: ({ nesterov, momentum, dampening }) => nesterov !== true || (momentum !== 0 && dampening === 0),
    error: 'Nesterov momentum requires a momentum and zero dampening',
  },
);

export type SgdOptions = z.input<typeof SgdOptions>;

type SgdHyperparameters = z.output<typeof SgdOptions>;

/**
 * Stochastic gradient descent, with momentum as torch has it (Sutskever et al., 2013, "On the importance of initialization
 * and momentum in deep learning", in torch's form):
 * ```text
 * d = g + weightDecay * p
 * v = d                                     in the first step
 * v = momentum * v + (1 - dampening) * d    later
 * p = p - lr * (nesterov ? d + momentum * v : v)
 * ```
 * Without momentum, p = p - lr * d. The slot is `momentumBuffer`, v.
 */
@Optimizer.register('sgd', SgdOptions)
@Optimizer.register('SGD', SgdOptions)
export class Sgd extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: SgdOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(SgdOptions, options, 'sgd'), parameters);
  }

  override initialSlots(options: Hyperparameters): Readonly<Record<string, InitialSlot>> {
    return (options as SgdHyperparameters).momentum === 0 ? {} : this.optionalSlots();
  }

  override optionalSlots(): Readonly<Record<string, InitialSlot>> {
    return { momentumBuffer: 0 };
  }

  override coefficients(options: Hyperparameters, step: number): Coefficients {
    const { lr, momentum, dampening, weightDecay, nesterov } = options as SgdHyperparameters;
    return {
      lr,
      weightDecay: unlessZero(weightDecay),
      momentum: unlessZero(momentum),
      fresh: momentum === 0 ? undefined : step === 1 ? 1 : 1 - dampening,
      lookAhead: nesterov ? momentum : undefined,
    };
  }

  override update({ gradient, parameter, slots, coefficients: c }: RuleInput): RuleOutput {
    const d = penalized(gradient, parameter, c['weightDecay']);
    if (c['momentum'] === undefined) return { parameter: tf.sub(parameter, tf.mul(d, c['lr']!)), slots };
    const velocity = tf.add(tf.mul(slots['momentumBuffer']!, c['momentum']), tf.mul(d, c['fresh']!));
    const direction = c['lookAhead'] === undefined ? velocity : tf.add(d, tf.mul(velocity, c['lookAhead']));
    return { parameter: tf.sub(parameter, tf.mul(direction, c['lr']!)), slots: { momentumBuffer: velocity } };
  }
}
