import type { ClipByValueAttrs, LeakyReluAttrs, StepAttrs } from '@tensorflow/tfjs-core';

import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import type { KernelAttributes, Lowering, Lowerings } from './lowering.js';
import { countable, refuseBooleans, select, stored } from './numbers.js';
import { expm1, log1p, sigmoid } from './precise.js';

type Compute = (g: Builder, x: Value, attributes: KernelAttributes) => Value;

/** A function of real numbers. tfjs keeps results for whole numbers in tensors of whole numbers. */
function real(kernel: string, compute: Compute): Lowering {
  return (g, { x }, attributes) => {
    refuseBooleans(kernel, x!);
    return stored(g, compute(g, g.cast(x!, 'float32'), attributes), x!.dtype);
  };
}

/** A real function that ONNX has under the same name. */
function named(op: string, fold?: (x: number) => number): Lowering {
  return real(op, (g, x) => g.unary(op, x, fold && { fold }));
}

/** A function that keeps whole numbers whole, and 0 and 1 among themselves. */
function closed(compute: Compute): Lowering {
  return (g, { x }, attributes) => g.cast(compute(g, countable(g, x!), attributes), x!.dtype);
}

/** Rounding: whole numbers stay. */
function rounding(op: string, fold?: (x: number) => number): Lowering {
  return (g, { x }) => (x!.dtype === 'float32' ? g.unary(op, x!, fold && { fold }) : x!);
}

/** A question about a number that whole numbers answer with `ofWhole`. */
function question(ofWhole: boolean, ask: (g: Builder, x: Value) => Value): Lowering {
  return (g, { x }) => (x!.dtype === 'float32' ? ask(g, x!) : g.splat(Number(ofWhole), x!.shape, 'bool'));
}

const nan = (g: Builder, x: Value): Value => g.unary('IsNaN', x, { dtype: 'bool' });
const infinite = (g: Builder, x: Value): Value => g.unary('IsInf', x, { dtype: 'bool' });
const not = (g: Builder, x: Value): Value => g.unary('Not', x, { dtype: 'bool', fold: (truth) => 1 - truth });

/** Between bounds; NaN stays. */
function clipped(g: Builder, x: Value, low: number, high: number): Value {
  const [min, max] = x.dtype === 'float32' ? [-Infinity, Infinity] : [-(2 ** 31), 2 ** 31 - 1];
  const atLeast = low <= min ? x : g.binary('Max', x, g.scalar(low, x.dtype));
  return high >= max ? atLeast : g.binary('Min', atLeast, g.scalar(high, x.dtype));
}

/** -1, 0 or 1; 0 for NaN, where ONNX's Sign has NaN. */
function sign(g: Builder, x: Value): Value {
  if (x.dtype !== 'float32') return g.unary('Sign', x);
  const is = (comparison: string): Value => g.cast(g.binary(comparison, x, g.scalar(0), 'bool'), 'float32');
  return g.sub(is('Greater'), is('Less'));
}

/**
 * 1 above 0 and alpha elsewhere: the mask of relu's gradient. NaN has alpha, where tfjs has NaN: that would cost a pass
 * over x in every relu, and NaN has gone on through relu itself.
 */
function step(g: Builder, x: Value, alpha: number): Value {
  const positive = g.binary('Greater', x, g.scalar(0, x.dtype), 'bool');
  if (alpha === 0) return g.cast(positive, x.dtype);
  return g.where(positive, g.scalar(1, x.dtype), g.scalar(alpha, x.dtype));
}

export const unaryLowerings: Lowerings = {
  Acos: named('Acos'),
  Acosh: named('Acosh'),
  Asin: named('Asin'),
  Asinh: named('Asinh'),
  Atan: named('Atan'),
  Atanh: named('Atanh'),
  Cos: named('Cos', Math.cos),
  Cosh: named('Cosh', Math.cosh),
  Sin: named('Sin', Math.sin),
  Sinh: named('Sinh', Math.sinh),
  Tan: named('Tan', Math.tan),
  Tanh: named('Tanh', Math.tanh),
  /** Float32 for every type, unlike the others. */
  Exp: (g, { x }) => g.unary('Exp', g.cast(x!, 'float32'), { fold: Math.exp }),
  Log: named('Log', Math.log),
  Sqrt: named('Sqrt', Math.sqrt),
  Reciprocal: named('Reciprocal', (x) => 1 / x),
  Rsqrt: real('Rsqrt', (g, x) => {
    const root = g.unary('Sqrt', x, { fold: Math.sqrt });
    return g.unary('Reciprocal', root, { fold: (r) => 1 / r });
  }),
  Expm1: real('Expm1', expm1),
  Log1p: real('Log1p', log1p),
  /** Exact, where tfjs has an approximation with errors up to 1.5e-7 (Abramowitz and Stegun 7.1.26). */
  Erf: named('Erf'),
  Sigmoid: real('Sigmoid', sigmoid),
  Softplus: named('Softplus'),
  Elu: named('Elu'),
  Selu: named('Selu'),

  Abs: closed((g, x) => g.unary('Abs', x, { fold: Math.abs })),
  Sign: closed(sign),
  Square: closed((g, x) => g.mul(x, x)),
  Relu: closed((g, x) => g.unary('Relu', x, { fold: (value) => Math.max(0, value) })),
  Relu6: closed((g, x) => clipped(g, g.unary('Relu', x), -Infinity, 6)),
  Step: closed((g, x, attributes) => step(g, x, (attributes as unknown as StepAttrs).alpha)),
  ClipByValue: closed((g, x, attributes) => {
    const { clipValueMin, clipValueMax } = attributes as unknown as ClipByValueAttrs;
    return clipped(g, x, clipValueMin, clipValueMax);
  }),
  Neg: (g, { x }) => {
    refuseBooleans('Neg', x!);
    return g.neg(x!);
  },

  Ceil: rounding('Ceil', Math.ceil),
  Floor: rounding('Floor', Math.floor),
  Round: rounding('Round'),

  IsNan: question(false, nan),
  IsInf: question(false, infinite),
  IsFinite: question(true, (g, x) => not(g, g.binary('Or', nan(g, x), infinite(g, x)))),
  LogicalNot: (g, { x }) => not(g, g.cast(x!, 'bool')),

  LeakyRelu: (g, { x }, attributes) => {
    const { alpha } = attributes as unknown as LeakyReluAttrs;
    return g.unary('LeakyRelu', g.cast(x!, 'float32'), { attributes: { alpha: { float: alpha } } });
  },
  Prelu: (g, { x, alpha }) => {
    const [value, slope] = [g.cast(x!, 'float32'), g.cast(alpha!, 'float32')];
    const scaled = g.mul(slope, value);
    return select(g, g.binary('Less', value, g.scalar(0), 'bool'), scaled, value);
  },
  /** Below 0 the slope of elu is y + 1, which is at most 1 there. */
  EluGrad: (g, { dy, y }) => g.mul(dy!, g.binary('Min', g.add(y!, g.scalar(1)), g.scalar(1))),
};
