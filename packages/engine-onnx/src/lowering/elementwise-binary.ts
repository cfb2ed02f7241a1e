import type { Builder } from '../graph/builder.js';
import { broadcastShape } from '../graph/value.js';
import type { DType, Value } from '../graph/value.js';
import type { Lowering, Lowerings } from './lowering.js';
import { countable, refuseBooleans, stored, upcast } from './numbers.js';

type Compute = (g: Builder, a: Value, b: Value) => Value;

/** Of two tensors, in the wider of their types; the result is kept in the type of the first. */
function widened(compute: Compute): Lowering {
  return (g, { a, b }) => {
    const type = upcast(a!.dtype, b!.dtype);
    const of = (x: Value): Value => countable(g, g.cast(x, type));
    return stored(g, compute(g, of(a!), of(b!)), a!.dtype);
  };
}

/** The same where results for booleans may be other than 0 and 1. */
function arithmetic(kernel: string, compute: Compute): Lowering {
  const compiled = widened(compute);
  return (g, inputs, attributes) => {
    refuseBooleans(kernel, inputs['a']!);
    return compiled(g, inputs, attributes);
  };
}

/** A function of whole numbers: in 64 bits, where the smallest number has a negative. */
function whole(g: Builder, a: Value, b: Value, compute: Compute): Value {
  return g.cast(compute(g, g.cast(a, 'int64'), g.cast(b, 'int64')), 'int32');
}

/** 0 where the divisor is 0, as tfjs keeps infinity and NaN as whole numbers. ONNX Runtime ends the process there. */
function guarded(compute: Compute): Compute {
  return (g, a, b) => {
    const zero = g.scalar(0, b.dtype);
    const none = g.binary('Equal', b, zero, 'bool');
    return g.where(none, zero, compute(g, a, g.where(none, g.scalar(1, b.dtype), b)));
  };
}

/** With the sign of the divisor. */
const wholeRemainder: Compute = (g, a, b) => g.binary('Mod', a, b);

/** With the sign of the dividend; exact. */
function signedRemainder(g: Builder, a: Value, b: Value): Value {
  return g.op('Mod', [a, b], { fmod: 1 }, broadcastShape(a.shape, b.shape));
}

/** Whether a remainder and the divisor lie on two sides of 0. */
function opposite(g: Builder, remainder: Value, b: Value): Value {
  const negative = (x: Value): Value => g.binary('Less', x, g.scalar(0), 'bool');
  const some = g.unary('Not', g.binary('Equal', remainder, g.scalar(0), 'bool'), { dtype: 'bool' });
  return g.binary('And', some, g.binary('Xor', negative(remainder), negative(b), 'bool'), 'bool');
}

function mod(g: Builder, a: Value, b: Value): Value {
  if (a.dtype !== 'float32') return whole(g, a, b, guarded(wholeRemainder));
  const remainder = signedRemainder(g, a, b);
  return g.where(opposite(g, remainder, b), g.add(remainder, b), remainder);
}

/** From the exact remainder: a quotient just below a whole number would be rounded up to it in float32. */
function floorDiv(g: Builder, a: Value, b: Value): Value {
  if (a.dtype !== 'float32') {
    const quotient: Compute = (_, x, y) => g.div(g.sub(x, wholeRemainder(g, x, y)), y);
    return whole(g, a, b, guarded(quotient));
  }
  const remainder = signedRemainder(g, a, b);
  const towards0 = g.unary('Round', g.div(g.sub(a, remainder), b));
  return g.sub(towards0, g.cast(opposite(g, remainder, b), 'float32'));
}

function pow(g: Builder, a: Value, b: Value): Value {
  if (a.dtype !== 'float32') return whole(g, a, b, (_, x, y) => g.binary('Pow', x, y));
  const expanded = g.isSplat(b) ? power(g, a, g.splatValue(b)) : undefined;
  return expanded === undefined ? g.binary('Pow', a, b) : g.expand(expanded, broadcastShape(a.shape, b.shape));
}

/** Exponents for which there is something cheaper than ONNX's Pow. */
function power(g: Builder, x: Value, exponent: number): Value | undefined {
  if (exponent === 1) return x;
  if (exponent === 2) return g.mul(x, x);
  if (exponent === 3) return g.mul(g.mul(x, x), x);
  return undefined;
}

/**
 * From the ratio and the quadrant. Arguments of one size have the ratio 1 or -1, whether they are 0 (then it is 0) or
 * infinite. The sign of a 0 does not count, where JavaScript tells 0 from -0.
 */
function atan2(g: Builder, a: Value, b: Value): Value {
  const sameSize = g.binary('Equal', g.unary('Abs', a), g.unary('Abs', b), 'bool');
  const ratio = g.where(sameSize, g.mul(g.unary('Sign', a), g.unary('Sign', b)), g.div(a, b));
  const negative = (x: Value): Value => g.binary('Less', x, g.scalar(0), 'bool');
  const halfTurn = g.where(negative(a), g.scalar(-Math.PI), g.scalar(Math.PI));
  return g.add(g.unary('Atan', ratio), g.where(negative(b), halfTurn, g.scalar(0)));
}

function inFloat32(compute: Compute): Compute {
  return (g, a, b) => compute(g, g.cast(a, 'float32'), g.cast(b, 'float32'));
}

function realDiv(g: Builder, a: Value, b: Value): Value {
  return a.dtype === 'float32'
    ? g.div(a, b)
    : whole(
        g,
        a,
        b,
        guarded((_, x, y) => g.div(x, y)),
      );
}

export const binaryLowerings: Lowerings = {
  Add: arithmetic('Add', (g, a, b) => g.add(a, b)),
  Sub: arithmetic('Sub', (g, a, b) => g.sub(a, b)),
  Multiply: widened((g, a, b) => g.mul(a, b)),
  Maximum: widened((g, a, b) => g.binary('Max', a, b)),
  Minimum: widened((g, a, b) => g.binary('Min', a, b)),
  SquaredDifference: widened((g, a, b) => {
    const difference = g.sub(a, b);
    return g.mul(difference, difference);
  }),
  RealDiv: arithmetic('RealDiv', realDiv),
  Mod: arithmetic('Mod', mod),
  Pow: arithmetic('Pow', pow),
  Atan2: arithmetic('Atan2', inFloat32(atan2)),
  BitwiseAnd: widened((g, a, b) => g.binary('BitwiseAnd', a, b)),
  FloorDiv: (g, { a, b }) => {
    const type: DType = upcast(upcast(a!.dtype, b!.dtype), 'int32');
    return stored(g, floorDiv(g, g.cast(a!, type), g.cast(b!, type)), 'int32');
  },
  AddN: (g, inputs) => {
    const values = Object.values(inputs);
    refuseBooleans('AddN', ...values);
    return values.reduce((sum, value) => g.add(sum, stored(g, value, sum.dtype)));
  },
};
