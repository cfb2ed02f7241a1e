import * as tf from '@tensorflow/tfjs-core';
import { inject, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, InitialSlot, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import { z } from 'zod';

import { rms } from './norm.js';
import { decayRate, learningRate, optimizerOptions } from './optimizer-options.js';
import { runningAverage } from './running-average.js';
import { decoupledWeightDecay, unlessZero } from './weight-decay.js';

export const AdafactorOptions = optimizerOptions(
  {
    lr: learningRate.nullable().default(null).describe('Learning rate; null with relativeStep, which computes it'),
    eps: z
      .tuple([z.number().nonnegative(), z.number().nonnegative()])
      .default([1e-30, 1e-3])
      .describe('Added to the squared gradient; the smallest size that scaleParameter takes a parameter to have'),
    clipThreshold: z.number().positive().default(1).describe('The largest root mean square of an update before lr'),
    decayRate: z.number().negative().default(-0.8).describe('The averages forget with 1 - k^decayRate in update k'),
    beta1: decayRate.nullable().default(null).describe('Decay rate of an average of the updates; null for none'),
    weightDecay: decoupledWeightDecay(0),
    scaleParameter: z.boolean().default(true).describe("Multiplies lr by the parameter's root mean square"),
    relativeStep: z.boolean().default(true).describe('lr is min(0.01, 1 / sqrt(k)) in update k'),
    warmupInit: z.boolean().default(false).describe('With relativeStep, lr is min(0.000001 * k, 1 / sqrt(k))'),
  },
  {
    path: 'lr',
    holds: ({ lr, relativeStep }) => lr === null || relativeStep === false,
    error: 'a learning rate of your own needs relativeStep: false',
  },
  {
    path: 'lr',
    holds: ({ lr, relativeStep }) => lr !== null || relativeStep === true,
    error: 'is required without relativeStep',
  },
  {
    path: 'warmupInit',
    holds: ({ warmupInit, relativeStep }) => warmupInit === false || relativeStep === true,
    error: 'needs relativeStep: true',
  },
);

export type AdafactorOptions = z.input<typeof AdafactorOptions>;

type AdafactorHyperparameters = z.output<typeof AdafactorOptions>;

/**
 * Adafactor (Shazeer & Stern, 2018, "Adaptive learning rates with sublinear memory cost"), with the options and defaults of
 * Hugging Face's `Adafactor`: the second moment of a matrix is kept as the averages over its rows and over its columns.
 * ```text
 * b = 1 - k^decayRate
 * r = b * r + (1 - b) * mean over columns of (g^2 + eps1)
 * c = b * c + (1 - b) * mean over rows of (g^2 + eps1)
 * u = g / sqrt(r * c / mean(r))             vectors: u = g / sqrt(v), v as r without the mean
 * u = u / max(1, rms(u) / clipThreshold)
 * a = lr * max(eps2, rms(p))                lr alone without scaleParameter
 * p = p - a * weightDecay * p - a * u       with beta1: p - m, m = beta1 * m + (1 - beta1) * a * u
 * ```
 * Rows and columns are the last two dimensions. Slots: `expAvgSqRow` and `expAvgSqCol`, or `expAvgSq` for vectors and
 * scalars; with beta1, `expAvg`. A learning rate scheduler needs an `lr` and `relativeStep: false`.
 */
@Optimizer.register('adafactor', AdafactorOptions)
@Optimizer.register('huggingface_adafactor', AdafactorOptions)
export class Adafactor extends Optimizer {
  /** @throws ConfigError for options out of range or that exclude each other, and for overlapping groups. */
  constructor(options: AdafactorOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(AdafactorOptions, options, 'adafactor'), parameters);
  }

  override initialSlots(options: Hyperparameters, shape: readonly number[]): Readonly<Record<string, InitialSlot>> {
    const { beta1 } = options as AdafactorHyperparameters;
    return { ...secondMoment(shape), ...(beta1 === null ? {} : this.optionalSlots()) };
  }

  override optionalSlots(): Readonly<Record<string, InitialSlot>> {
    return { expAvg: 0 };
  }

  /** That of the formula: where it computes its own, before the size of the parameter scales it. */
  override learningRate(options: Hyperparameters, step: number): number {
    const { lr, relativeStep, warmupInit } = options as AdafactorHyperparameters;
    return relativeStep ? Math.min(warmupInit ? 1e-6 * step : 1e-2, 1 / Math.sqrt(step)) : lr!;
  }

  override coefficients(options: Hyperparameters, step: number): Coefficients {
    const hyperparameters = options as AdafactorHyperparameters;
    const { eps, clipThreshold, decayRate: exponent, beta1, weightDecay, scaleParameter } = hyperparameters;
    const kept = 1 - step ** exponent;
    return {
      lr: this.learningRate(options, step),
      kept,
      fresh: 1 - kept,
      eps: eps[0],
      clipThreshold,
      smallestScale: scaleParameter ? eps[1] : undefined,
      beta1: beta1 ?? undefined,
      fresh1: beta1 === null ? undefined : 1 - beta1,
      weightDecay: unlessZero(weightDecay),
    };
  }

  override update({ gradient, parameter, slots, coefficients: c }: RuleInput): RuleOutput {
    const moments = updateMoments(tf.add(tf.square(gradient), c['eps']!), slots, c);
    const direction = tf.mul(gradient, reciprocalRoot(moments));
    const excess = tf.maximum(tf.div(rms(direction), c['clipThreshold']!), 1);
    const scale = c['smallestScale'];
    const rate = scale === undefined ? c['lr']! : tf.mul(c['lr']!, tf.maximum(rms(parameter), scale));
    const step = tf.mul(tf.div(direction, excess), rate);
    const { beta1, fresh1, weightDecay } = c;
    const expAvg = beta1 === undefined ? undefined : runningAverage(slots['expAvg']!, step, beta1, fresh1!);
    const decayed =
      weightDecay === undefined ? parameter : tf.sub(parameter, tf.mul(parameter, tf.mul(weightDecay, rate)));
    return {
      parameter: tf.sub(decayed, expAvg ?? step),
      slots: { ...moments, ...(expAvg === undefined ? {} : { expAvg }) },
    };
  }
}

function secondMoment(shape: readonly number[]): Readonly<Record<string, InitialSlot>> {
  if (shape.length < 2) return { expAvgSq: 0 };
  return {
    expAvgSqRow: { shape: shape.slice(0, -1), fill: 0 },
    expAvgSqCol: { shape: [...shape.slice(0, -2), shape.at(-1)!], fill: 0 },
  };
}

function updateMoments(
  square: tf.Tensor,
  slots: RuleInput['slots'],
  { kept, fresh }: RuleInput['coefficients'],
): Record<string, tf.Tensor> {
  const average = (slot: string, value: tf.Tensor): tf.Tensor => runningAverage(slots[slot]!, value, kept!, fresh!);
  if (square.rank < 2) return { expAvgSq: average('expAvgSq', square) };
  return {
    expAvgSqRow: average('expAvgSqRow', tf.mean(square, -1)),
    expAvgSqCol: average('expAvgSqCol', tf.mean(square, -2)),
  };
}

/** 1 / sqrt of the second moment, which rows and columns stand for. */
function reciprocalRoot({ expAvgSq, expAvgSqRow: row, expAvgSqCol: column }: Record<string, tf.Tensor>): tf.Tensor {
  if (expAvgSq !== undefined) return tf.rsqrt(expAvgSq);
  const rows = tf.rsqrt(tf.div(row!, tf.mean(row!, -1, true)));
  return tf.mul(tf.expandDims(rows, -1), tf.expandDims(tf.rsqrt(column!), -2));
}
