import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { NoLoweringError } from './lowering.js';
import { sigmoid } from './precise.js';

/** What some activations take. */
export interface ActivationOptions {
  /** For `prelu`; they broadcast to the value. */
  readonly preluWeights?: Value | undefined;
  /** For `leakyrelu`. Default 0.2, as in tfjs. */
  readonly leakyreluAlpha?: number | undefined;
}

/**
 * The activation at the end of tfjs's fused kernels.
 *
 * @throws NoLoweringError for one that tfjs has not.
 */
export function activated(
  g: Builder,
  value: Value,
  activation: string | null | undefined,
  { preluWeights, leakyreluAlpha = 0.2 }: ActivationOptions = {},
): Value {
  switch (activation ?? 'linear') {
    case 'linear':
      return value;
    case 'relu':
      return g.unary('Relu', value);
    case 'relu6':
      return g.binary('Min', g.unary('Relu', value), g.scalar(6));
    case 'elu':
      return g.unary('Elu', value);
    case 'leakyrelu':
      return g.unary('LeakyRelu', value, { attributes: { alpha: { float: leakyreluAlpha } } });
    case 'sigmoid':
      return sigmoid(g, value);
    case 'prelu':
      if (preluWeights !== undefined) return prelu(g, value, preluWeights);
  }
  throw new NoLoweringError(`the activation ${activation} cannot be compiled`);
}

/** ONNX's PRelu wants weights that broadcast in one direction and one layout; sums and products go through any. */
function prelu(g: Builder, value: Value, weights: Value): Value {
  return g.add(g.unary('Relu', value), g.mul(weights, g.binary('Min', value, g.scalar(0))));
}
