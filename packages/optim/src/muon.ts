import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import { z } from 'zod';

import { newtonSchulz, newtonSchulzCoefficients } from './newton-schulz.js';
import { decayRate, learningRate, optimizerOptions } from './optimizer-options.js';
import { decoupledWeightDecay } from './weight-decay.js';

export const MuonOptions = optimizerOptions({
  lr: learningRate.default(1e-3).describe('Learning rate'),
  weightDecay: decoupledWeightDecay(0.1),
  momentum: decayRate.default(0.95).describe('Decay rate of the running average of the gradient'),
  nesterov: z.boolean().default(true).describe('Looks ahead along the momentum'),
  nsCoefficients: z
    .tuple([z.number(), z.number(), z.number()])
    .default([3.4445, -4.775, 2.0315])
    .describe('a, b and c of the Newton-Schulz polynomial a x + b x^3 + c x^5'),
  eps: z.number().positive().default(1e-7).describe('The smallest norm that a matrix is divided by'),
  nsSteps: z.int().positive().lt(100).default(5).describe('Newton-Schulz iterations'),
  adjustLrFn: z
    .enum(['original', 'match_rms_adamw'])
    .default('original')
    .describe(
      'lr * sqrt(max(1, outputs / inputs)), or lr * 0.2 * sqrt(max(outputs, inputs)), as long as a step of AdamW',
    ),
  layout: z
    .enum(['tfjs', 'torch'])
    .default('tfjs')
    .describe('Order of the dimensions: tfjs is [in, out], torch is [out, in]'),
});

export type MuonOptions = z.input<typeof MuonOptions>;

type MuonHyperparameters = z.output<typeof MuonOptions>;

/** What the learning rate is multiplied by for a matrix of that shape, by the name of its coefficient. */
const ratios: Readonly<Record<string, (rows: number, columns: number) => number>> = {
  lrByColumns: (rows, columns) => Math.sqrt(Math.max(1, columns / rows)),
  lrByRows: (rows, columns) => Math.sqrt(Math.max(1, rows / columns)),
  lrBySize: (rows, columns) => 0.2 * Math.sqrt(Math.max(rows, columns)),
};

/**
 * Muon (Jordan et al., 2024, "Muon: an optimizer for hidden layers in neural networks"), with the options and defaults of
 * torch 2.9: momentum whose singular values are all brought near 1.
 * ```text
 * m = momentum * m + (1 - momentum) * g
 * d = nesterov ? (1 - momentum) * g + momentum * m : m
 * p = p * (1 - lr * weightDecay) - lr * ratio(shape) * newtonSchulz(d)
 * ```
 * torch computes the Newton-Schulz iterations in bfloat16, this is float32. Only for matrices: biases, embeddings and the
 * output layer belong to another optimizer, in one `multi`. The slot is `momentumBuffer`, m.
 */
@Optimizer.register('muon', MuonOptions)
export class Muon extends Optimizer {
  /** @throws ConfigError for parameters that are no matrices, options out of range, and overlapping groups. */
  constructor(options: MuonOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(MuonOptions, options, 'muon'), parameters);
    const updated = this.groups.flatMap((group) => group.parameters);
    const others = updated.filter(({ shape }) => shape.length !== 2);
    if (others.length > 0) {
      throw ConfigError.of(
        'X_CONFIG_INVALID',
        '',
        `Muon updates matrices, and received ${others.map(({ name, shape }) => `${name} [${shape}]`).join(', ')}; ` +
          'use the optimizer "multi", which gives those to another optimizer, such as "adamw"',
        'the choice of the optimizer "muon"',
      );
    }
  }

  override initialSlots(): Readonly<Record<string, number>> {
    return { momentumBuffer: 0 };
  }

  override coefficients(options: Hyperparameters): Coefficients {
    const hyperparameters = options as MuonHyperparameters;
    const { lr, weightDecay, momentum, nesterov, nsCoefficients, eps, nsSteps, adjustLrFn, layout } = hyperparameters;
    const original = layout === 'tfjs' ? 'lrByColumns' : 'lrByRows';
    return {
      [adjustLrFn === 'original' ? original : 'lrBySize']: lr,
      shrink: 1 - lr * weightDecay,
      kept: momentum,
      fresh: 1 - momentum,
      lookAhead: nesterov ? momentum : undefined,
      smallestNorm: eps,
      ...newtonSchulzCoefficients(nsCoefficients, nsSteps),
    };
  }

  override update({ gradient, parameter, slots, coefficients: c }: RuleInput): RuleOutput {
    const fresh = tf.mul(gradient, c['fresh']!);
    const momentum = tf.add(tf.mul(slots['momentumBuffer']!, c['kept']!), fresh);
    const direction = c['lookAhead'] === undefined ? momentum : tf.add(fresh, tf.mul(momentum, c['lookAhead']));
    const step = tf.mul(newtonSchulz(direction as tf.Tensor2D, c), adjustedRate(parameter.shape, c));
    return {
      parameter: tf.sub(tf.mul(parameter, c['shrink']!), step),
      slots: { momentumBuffer: momentum },
    };
  }
}

function adjustedRate(shape: readonly number[], c: RuleInput['coefficients']): tf.Tensor {
  const [name, ratio] = Object.entries(ratios).find(([candidate]) => c[candidate] !== undefined)!;
  return tf.mul(c[name]!, ratio(shape[0]!, shape[1]!));
}
