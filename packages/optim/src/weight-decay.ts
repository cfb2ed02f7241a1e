import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

/** Weight decay as an L2 penalty. */
export const l2WeightDecay: z.ZodDefault<z.ZodNumber> = z
  .number()
  .nonnegative()
  .default(0)
  .describe('Factor of an L2 penalty, added to the gradient');

/** Weight decay beside the gradient: p - lr * weightDecay * p. */
export function decoupledWeightDecay(byDefault: number): z.ZodDefault<z.ZodNumber> {
  return z.number().nonnegative().default(byDefault).describe('Share of a weight that a step with lr 1 takes away');
}

/** A factor whose branch is not taken where it is 0. */
export function unlessZero(factor: number): number | undefined {
  return factor === 0 ? undefined : factor;
}

/** g + weightDecay * p: the gradient of the loss with the penalty weightDecay / 2 * |p|^2. */
export function penalized(gradient: tf.Tensor, parameter: tf.Tensor, weightDecay: tf.Scalar | undefined): tf.Tensor {
  return weightDecay === undefined ? gradient : tf.add(gradient, tf.mul(parameter, weightDecay));
}
