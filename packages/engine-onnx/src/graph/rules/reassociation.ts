import type { Builder } from '../builder.js';
import { broadcastShape, ofRank, sameShape, sizeOf } from '../value.js';
import type { Value } from '../value.js';
import type { Rules } from './rules.js';

/**
 * Small factors and terms are combined before they meet a large value: `(X * s) * t` is `X * (s * t)`, the sum of
 * `X * s` is the sum of X times s. Every elementwise operator that is left out saves 0.2 to 0.3 ms per 512K elements
 * (measured); the gradient of batch normalization as TensorFlow.js writes it becomes nearly minimal. Last bits differ.
 */
export const reassociation: Rules = {
  binary: (g, op, a, b) => {
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
    const shape = broadcastShape(a.shape, b.shape);
    switch (op) {
      case 'Mul':
        return timesSmall(g, a, b, shape) ?? timesSmall(g, b, a, shape);
      case 'Add':
        return plusSmall(g, a, b, shape) ?? plusSmall(g, b, a, shape);
      case 'Div':
        return byConstant(g, a, b) ?? bySmall(g, a, b, shape);
      default:
        return undefined;
    }
  },

  reduce: (g, op, x, axes) => {
    if (op !== 'ReduceSum' || x.dtype !== 'float32') return undefined;
    const [a, b] = x.inputs;
    if (x.op === 'Neg') return g.neg(g.sum(a!, axes, true));
    if (x.op !== 'Mul' && x.op !== 'Div') return undefined;
    if (isSameAlong(axes, b!, x)) return g.binary(x.op, g.sum(a!, axes, true), aligned(g, b!, x));
    if (x.op === 'Mul' && isSameAlong(axes, a!, x)) return g.mul(g.sum(b!, axes, true), aligned(g, a!, x));
    return undefined;
  },
};

/** x * s where x is itself a product with, or a quotient by, something smaller. */
function timesSmall(g: Builder, x: Value, s: Value, shape: readonly number[]): Value | undefined {
  if (!isSmall(s, shape) || isSmall(x, shape)) return undefined;
  const [large, factor] = x.inputs;
  if (x.op === 'Neg') return isSmall(large!, shape) ? undefined : g.mul(large!, g.neg(s));
  const [base, small] = x.op === 'Mul' && isSmall(large!, shape) ? [factor, large] : [large, factor];
  if (x.op === 'Mul' && combine(base!, small!, s, shape)) return g.mul(base!, g.mul(small!, s));
  if (x.op === 'Div' && combine(base!, small!, s, shape)) return g.mul(base!, g.div(s, small!));
  return undefined;
}

function plusSmall(g: Builder, x: Value, s: Value, shape: readonly number[]): Value | undefined {
  if (x.op !== 'Add' || !isSmall(s, shape) || isSmall(x, shape)) return undefined;
  const [first, second] = x.inputs;
  const [base, small] = isSmall(first!, shape) ? [second, first] : [first, second];
  return combine(base!, small!, s, shape) ? g.add(base!, g.add(small!, s)) : undefined;
}

/** A product with the reciprocal, if that is a normal number: at most one bit differs. */
function byConstant(g: Builder, x: Value, divisor: Value): Value | undefined {
  if (!g.isSplat(divisor)) return undefined;
  const reciprocal = 1 / g.splatValue(divisor);
  const isNormal = Math.abs(reciprocal) >= 2 ** -126 && Math.abs(reciprocal) < 2 ** 127;
  return isNormal ? g.mul(x, g.splat(reciprocal, divisor.shape)) : undefined;
}

/** (X * s) / t is X * (s / t). */
function bySmall(g: Builder, x: Value, divisor: Value, shape: readonly number[]): Value | undefined {
  if (x.op !== 'Mul' || !isSmall(divisor, shape) || isSmall(x, shape)) return undefined;
  const [first, second] = x.inputs;
  const [base, small] = isSmall(first!, shape) ? [second, first] : [first, second];
  return combine(base!, small!, divisor, shape) ? g.mul(base!, g.div(small!, divisor)) : undefined;
}

/** Whether it is cheap beside the shape. Of one-element values, constants are. */
function isSmall(value: Value, shape: readonly number[]): boolean {
  return value.size < sizeOf(shape) || value.op === 'Splat';
}

/** Whether two small values stay small together, and the large one alone has the shape of the result. */
function combine(large: Value, s: Value, t: Value, shape: readonly number[]): boolean {
  if (!sameShape(large.shape, shape) || isSmall(large, shape) || !isSmall(s, shape) || !isSmall(t, shape)) return false;
  return sizeOf(broadcastShape(s.shape, t.shape)) < sizeOf(shape) || (s.op === 'Splat' && t.op === 'Splat');
}

/** Whether a factor of x is the same all along these axes, so that it can be taken out of a sum over them. */
function isSameAlong(axes: readonly number[], factor: Value, x: Value): boolean {
  const shape = ofRank(factor.shape, x.shape.length);
  const other = x.inputs.find((input) => input !== factor) ?? factor;
  return sameShape(other.shape, x.shape) && axes.every((axis) => shape[axis] === 1);
}

function aligned(g: Builder, factor: Value, { shape }: Value): Value {
  return g.reshape(factor, ofRank(factor.shape, shape.length));
}
