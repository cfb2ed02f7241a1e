import * as tf from '@tensorflow/tfjs-core';
import { inject, log, ModelParameters, MovingAverage, Optimizer, parseOptions, tokenOf } from '@x/trainer-core';
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

import { decayRate, learningRate, optimizerOptions, rootEps } from './optimizer-options.js';
import { runningAverage } from './running-average.js';
import { decoupledWeightDecay, unlessZero } from './weight-decay.js';

export const ScheduleFreeAdamWOptions = optimizerOptions({
  lr: learningRate.default(0.0025).describe('Learning rate; one to ten times that of a run with a schedule'),
  betas: z
    .tuple([decayRate, decayRate])
    .default([0.9, 0.999])
    .describe('Share of the average in the weights that are trained; decay rate of the squared gradient'),
  eps: rootEps(1e-8),
  weightDecay: decoupledWeightDecay(0),
  warmupSteps: z.int().nonnegative().default(0).describe('Steps over which lr rises linearly'),
  r: z.number().default(0).describe('Step k counts k^r in the average'),
  weightLrPower: z
    .number()
    .nonnegative()
    .default(2)
    .describe('A step counts in the average by this power of the largest lr so far'),
});

export type ScheduleFreeAdamWOptions = z.input<typeof ScheduleFreeAdamWOptions>;

type ScheduleFreeHyperparameters = z.output<typeof ScheduleFreeAdamWOptions>;

/**
 * Schedule-free AdamW (Defazio et al., 2024, "The road less scheduled"; github facebookresearch/schedule_free): no schedule
 * and no end of training to be known. Gradients are taken at y, the model's weights; steps are made at z; x, the average of
 * all z, is what is to be evaluated and saved, which the moving average `schedule_free` does.
 * ```text
 * a = lr * min(1, k / warmupSteps)
 * v = beta2 * v + (1 - beta2) * g^2
 * z = z - a * weightDecay * y - a * g / (sqrt(v / (1 - beta2^k)) + eps)
 * w = k^r * (largest a so far)^weightLrPower
 * x = (1 - c) * x + c * z                    c = w / (sum of all w so far)
 * y = beta1 * x + (1 - beta1) * z
 * ```
 * Slots: `expAvgSq` v, `x` and `z`, which start as the parameter. Host scalars: `largestRate`, `weightSum`.
 */
@Optimizer.register('schedule_free_adamw', ScheduleFreeAdamWOptions, (options, run) => {
  if (!run.has(tokenOf(MovingAverage))) {
    log.warn(
      'schedule_free_adamw without a moving average validates and saves the weights that gradients are taken at, which ' +
        'are worse than their average: set movingAverage to "schedule_free"',
    );
  }
  return new ScheduleFreeAdamW(options, run.get(ModelParameters));
})
export class ScheduleFreeAdamW extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: ScheduleFreeAdamWOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(ScheduleFreeAdamWOptions, options, 'schedule_free_adamw'), parameters);
  }

  override initialSlots(): Readonly<Record<string, InitialSlot>> {
    return { expAvgSq: 0, x: 'parameter', z: 'parameter' };
  }

  override initialScalars(): HostScalars {
    return { largestRate: 0, weightSum: 0 };
  }

  override nextScalars(options: Hyperparameters, step: number, scalars: HostScalars): HostScalars {
    const { largestRate, weightSum } = averaging(options, step, scalars);
    return { largestRate, weightSum };
  }

  override coefficients(options: Hyperparameters, step: number, scalars: HostScalars): Coefficients {
    const {
      betas: [beta1, beta2],
      eps,
      weightDecay,
    } = options as ScheduleFreeHyperparameters;
    const { rate, weight, weightSum } = averaging(options, step, scalars);
    const share = weightSum === 0 ? 0 : weight / weightSum;
    return {
      rate,
      decay: unlessZero(rate * weightDecay),
      beta2,
      fresh2: 1 - beta2,
      correction: 1 - beta2 ** step,
      eps,
      kept: 1 - share,
      share,
      beta1,
      ahead: 1 - beta1,
    };
  }

  override update({ gradient, parameter, slots, coefficients: c }: RuleInput): RuleOutput {
    const expAvgSq = runningAverage(slots['expAvgSq']!, tf.square(gradient), c['beta2']!, c['fresh2']!);
    const root = tf.add(tf.sqrt(tf.div(expAvgSq, c['correction']!)), c['eps']!);
    const decayed = c['decay'] === undefined ? slots['z']! : tf.sub(slots['z']!, tf.mul(parameter, c['decay']));
    const z = tf.sub(decayed, tf.mul(tf.div(gradient, root), c['rate']!));
    const x = runningAverage(slots['x']!, z, c['kept']!, c['share']!);
    const y = runningAverage(x, z, c['beta1']!, c['ahead']!);
    return { parameter: y, slots: { expAvgSq, x, z } };
  }
}

/** The learning rate of a step, what the step counts in the average, and what all steps up to it count. */
function averaging(
  options: Hyperparameters,
  step: number,
  scalars: HostScalars,
): { rate: number; largestRate: number; weight: number; weightSum: number } {
  const { lr, warmupSteps, r, weightLrPower } = options as ScheduleFreeHyperparameters;
  const rate = lr * (step < warmupSteps ? step / warmupSteps : 1);
  const largestRate = Math.max(rate, scalars['largestRate']!);
  const weight = step ** r * largestRate ** weightLrPower;
  return { rate, largestRate, weight, weightSum: scalars['weightSum']! + weight };
}
