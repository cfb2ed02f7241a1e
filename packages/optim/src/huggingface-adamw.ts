import * as tf from '@tensorflow/tfjs-core';
import { Compatibility, inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type {
  Coefficients,
  CompatibilityPreset,
  Hyperparameters,
  InitialSlot,
  ParameterSet,
  RuleInput,
  RuleOutput,
} from '@x/trainer-core';
import { z } from 'zod';

import { MOMENT_SLOTS, momentCoefficients, momentFields, moments } from './adam-moments.js';
import { learningRate, optimizerOptions } from './optimizer-options.js';
import { decoupledWeightDecay, unlessZero } from './weight-decay.js';

export const HuggingfaceAdamWOptions = optimizerOptions({
  lr: learningRate.optional().describe("Learning rate. Default 0.001; 0.00001 with compatibility 'allennlp-2'"),
  betas: momentFields.betas,
  eps: z
    .number()
    .nonnegative()
    .optional()
    .describe("Added to the root, against division by zero. Default 0.000001; 1e-8 with compatibility 'allennlp-2'"),
  weightDecay: decoupledWeightDecay(0),
  correctBias: z
    .boolean()
    .optional()
    .describe("Corrects the moments for their start at 0. Default false; true with compatibility 'allennlp-2'"),
});

export type HuggingfaceAdamWOptions = z.input<typeof HuggingfaceAdamWOptions>;

type HuggingfaceAdamWHyperparameters = z.output<typeof HuggingfaceAdamWOptions> & typeof DEFAULTS_1;

/**
 * The AdamW of Hugging Face's transformers, in which the weights decay after the step, in the k-th update of a parameter:
 * ```text
 * m, v = moments(g)
 * p = p - lr * (correctBias ? sqrt(1 - beta2^k) / (1 - beta1^k) : 1) * m / (sqrt(v) + eps)
 * p = p - lr * weightDecay * p
 * ```
 * The slots are `expAvg`, m, and `expAvgSq`, v.
 */
@Optimizer.register('huggingface_adamw', HuggingfaceAdamWOptions)
export class HuggingfaceAdamW extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(
    options: HuggingfaceAdamWOptions,
    @inject(ModelParameters) parameters: ParameterSet,
    @inject(Compatibility, { optional: true }) compatibility: CompatibilityPreset = null,
  ) {
    const own = compatibility === 'allennlp-2' ? DEFAULTS_2 : DEFAULTS_1;
    super(parseOptions(HuggingfaceAdamWOptions, { ...own, ...defined(options) }, 'huggingface_adamw'), parameters);
  }

  override initialSlots(): Readonly<Record<string, InitialSlot>> {
    return MOMENT_SLOTS;
  }

  override coefficients(options: Hyperparameters, step: number): Coefficients {
    const { lr, betas, eps, weightDecay, correctBias } = options as HuggingfaceAdamWHyperparameters;
    const correction = correctBias ? Math.sqrt(1 - betas[1] ** step) / (1 - betas[0] ** step) : 1;
    return { ...momentCoefficients(betas), stepSize: lr * correction, eps, decay: unlessZero(lr * weightDecay) };
  }

  override update({ gradient, parameter, slots, coefficients: c }: RuleInput): RuleOutput {
    const { expAvg, expAvgSq } = moments(gradient, slots, c);
    const direction = tf.div(expAvg, tf.add(tf.sqrt(expAvgSq), c['eps']!));
    const moved = tf.sub(parameter, tf.mul(direction, c['stepSize']!));
    return {
      parameter: c['decay'] === undefined ? moved : tf.sub(moved, tf.mul(moved, c['decay'])),
      slots: { expAvg, expAvgSq },
    };
  }
}

const DEFAULTS_1 = { lr: 1e-3, eps: 1e-6, correctBias: false };
const DEFAULTS_2 = { lr: 1e-5, eps: 1e-8, correctBias: true };

function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
