import { floatOf } from '../attributes.js';
import type { Builder } from '../builder.js';
import { broadcastShape, sameShape } from '../value.js';
import type { Value } from '../value.js';
import type { Rules } from './rules.js';

/**
 * Identities that are exact: every result has the bits that it would have had, but for the sign of a 0. So a product
 * with 0 stays (0 times NaN is NaN, and a loss must not hide it) unless the other factor is known to be finite.
 */
export const algebra: Rules = {
  unary: (g, op, x, { dtype = x.dtype }) => {
    if (op === 'Neg') return negated(g, x);
    if (op === 'Cast' && x.op === 'Cast') return castOfCast(g, x, dtype);
    return undefined;
  },

  binary: (g, op, a, b, dtype) => {
    if (op in COMMUTATIVE && precedes(b, a)) return g.binary(op, b, a, dtype);
    const simpler = identity(g, op, a, b);
    return simpler && g.fit(simpler, broadcastShape(a.shape, b.shape));
  },

  where: (g, condition, a, b) =>
    a === b ? g.fit(a, broadcastShape(condition.shape, broadcastShape(a.shape, b.shape))) : undefined,
};

/** Of two arguments in any order, one order is built. */
const COMMUTATIVE = { Add: true, Mul: true, Max: true, Min: true, And: true, Or: true, Xor: true, Equal: true };

/** Splats go last, where the identities look for them; older values go first. */
function precedes(a: Value, b: Value): boolean {
  const [aIsSplat, bIsSplat] = [a.op === 'Splat', b.op === 'Splat'];
  if (aIsSplat !== bIsSplat) return bIsSplat;
  return a.node.id < b.node.id || (a.node === b.node && a.index < b.index);
}

/** Something that broadcasts to `op` of a and b, a splat being b if `op` is commutative. */
function identity(g: Builder, op: string, a: Value, b: Value): Value | undefined {
  switch (op) {
    case 'Mul':
      if (g.isSplat(b, 1)) return a;
      if (g.isSplat(b, -1)) return g.neg(a);
      if (g.isSplat(b, 0) && isKnownFinite(a)) return b;
      return undefined;
    case 'Add':
      if (g.isSplat(b, 0)) return a;
      if (b.op === 'Neg') return g.sub(a, b.inputs[0]!);
      if (a.op === 'Neg') return g.sub(b, a.inputs[0]!);
      return undefined;
    case 'Sub':
      if (g.isSplat(b, 0)) return a;
      if (g.isSplat(a, 0) && a.dtype !== 'uint32') return g.neg(b);
      if (b.op === 'Neg') return g.add(a, b.inputs[0]!);
      return undefined;
    case 'Div':
      if (g.isSplat(b, 1)) return a;
      if (g.isSplat(b) && a.dtype === 'float32' && isPowerOfTwo(g.splatValue(b))) {
        return g.mul(a, g.scalar(1 / g.splatValue(b)));
      }
      return undefined;
    case 'And':
      if (g.isSplat(b)) return g.isSplat(b, 0) ? b : a;
      return a === b ? a : undefined;
    case 'Or':
      if (g.isSplat(b)) return g.isSplat(b, 0) ? a : b;
      return a === b ? a : undefined;
    case 'Max':
    case 'Min':
      return a === b ? a : undefined;
    default:
      return undefined;
  }
}

function negated(g: Builder, x: Value): Value | undefined {
  const [a, b] = x.inputs;
  if (x.op === 'Neg') return a;
  if (x.op === 'Mul' && g.isSplat(b!)) return g.mul(a!, g.neg(b!));
  if (x.op === 'Sub' && sameShape(a!.shape, b!.shape)) return g.sub(b!, a!);
  return undefined;
}

/** True and false survive any type. */
function castOfCast(g: Builder, x: Value, dtype: Value['dtype']): Value | undefined {
  const source = x.inputs[0]!;
  return source.dtype === 'bool' ? g.cast(source, dtype) : undefined;
}

/** Whether the reciprocal, too, is exact and normal, so that dividing is multiplying. */
function isPowerOfTwo(value: number): boolean {
  const exponent = Math.log2(Math.abs(value));
  return Number.isInteger(exponent) && Math.abs(exponent) <= 126;
}

/** Whether neither infinities nor NaN can occur: whole numbers, booleans cast, what only moves them. */
function isKnownFinite(x: Value): boolean {
  if (x.dtype !== 'float32') return true;
  if (x.op === 'Cast') return x.inputs[0]!.dtype !== 'float32';
  if (x.op === 'Splat') return Number.isFinite(floatOf(x, 'value'));
  return x.op in MOVING && x.inputs[0] !== undefined && isKnownFinite(x.inputs[0]);
}

/** Operations with the elements of their first input. */
const MOVING = { Neg: true, Abs: true, Reshape: true, Transpose: true, Expand: true, Slice: true, Reverse: true };
