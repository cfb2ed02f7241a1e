import { util } from '@tensorflow/tfjs-core';
import type { CumsumAttrs, MaxAttrs, SoftmaxAttrs, SumAttrs } from '@tensorflow/tfjs-core';

import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { NoLoweringError } from './lowering.js';
import type { KernelAttributes, Lowering, Lowerings } from './lowering.js';
import { countable } from './numbers.js';

interface Axes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** tfjs calls the axes of Max and Min `reductionIndices`, those of all others `axis`. */
function axesOf({ shape }: Value, attributes: KernelAttributes): Axes {
  const { axis, reductionIndices, keepDims } = attributes as unknown as SumAttrs & MaxAttrs;
  const axes = util.parseAxisParam(axis ?? reductionIndices ?? null!, [...shape]);
  return { axes, keepDims: keepDims ?? false };
}

type Compute = (g: Builder, x: Value, axes: readonly number[], keepDims: boolean) => Value;

function reduction(compute: Compute): Lowering {
  return (g, { x }, attributes) => {
    const { axes, keepDims } = axesOf(x!, attributes);
    return compute(g, x!, axes, keepDims);
  };
}

/** Whole numbers, as which booleans count, in 64 bits: in 32, ONNX Runtime stops at the largest instead of going on modulo 2^32. */
function total(op: 'ReduceSum' | 'ReduceProd'): Lowering {
  return reduction((g, x, axes, keepDims) => {
    if (x.dtype === 'float32') return g.reduce(op, x, axes, keepDims);
    return g.cast(g.reduce(op, g.cast(x, 'int64'), axes, keepDims), 'int32');
  });
}

/**
 * NaN among the elements is the result, which the sum tells for another 0.05 ms for 512K elements: ONNX Runtime passes
 * some over. (Infinity beside -Infinity gives NaN, too.) Over nothing there is the smallest, or largest, number.
 */
function extreme(op: 'ReduceMax' | 'ReduceMin'): Lowering {
  return reduction((g, x, axes, keepDims) => {
    const result = g.reduce(op, countable(g, x), axes, keepDims);
    if (x.dtype !== 'float32') return g.cast(result, x.dtype);
    const sum = g.sum(x, axes, keepDims);
    return g.where(g.unary('IsNaN', sum, { dtype: 'bool' }), sum, result);
  });
}

/** Whether some are true: ONNX Runtime reduces numbers alone. */
const any: Compute = (g, x, axes, keepDims) => g.cast(g.sum(g.cast(x, 'int32'), axes, keepDims), 'bool');

const not = (g: Builder, x: Value): Value => g.unary('Not', g.cast(x, 'bool'), { dtype: 'bool' });

/** The first of equal ones; 0 along an axis without elements. */
function argument(op: 'ArgMax' | 'ArgMin'): Lowering {
  return (g, { x }, attributes) => {
    const axis = axesOf(x!, attributes).axes[0]!;
    const shape = x!.shape.filter((_, i) => i !== axis);
    if (x!.size === 0) return g.splat(0, shape, 'int32');
    return g.cast(g.op(op, [countable(g, x!)], { axis, keepdims: 0 }, shape, 'int64'), 'int32');
  };
}

function cumulativeSum(g: Builder, x: Value, { axis, exclusive, reverse }: Cumulation): Value {
  const attributes = { exclusive: Number(exclusive), reverse: Number(reverse) };
  return g.op('CumSum', [x, g.scalar(axis, 'int64')], attributes, x.shape, x.dtype);
}

/** ONNX has no product: pieces of doubling lengths are multiplied, each by the one before it. */
function cumulativeProduct(g: Builder, x: Value, { axis, exclusive, reverse }: Cumulation): Value {
  const shifted = (value: Value, by: number): Value => {
    const padding = reverse ? ([-by, by] as const) : ([by, -by] as const);
    const paddings = value.shape.map((_, i) => (i === axis ? padding : ([0, 0] as const)));
    return g.pad(value, paddings, 1);
  };
  const length = x.shape[axis]!;
  let product = exclusive && length > 0 ? shifted(x, 1) : x;
  for (let by = 1; by < length; by *= 2) product = g.mul(product, shifted(product, by));
  return product;
}

interface Cumulation {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

function cumulative(compute: (g: Builder, x: Value, cumulation: Cumulation) => Value): Lowering {
  return (g, { x }, attributes) => {
    const { exclusive, reverse } = attributes as unknown as CumsumAttrs;
    const axis = axesOf(x!, attributes).axes[0]!;
    return compute(g, countable(g, x!), { axis, exclusive: exclusive ?? false, reverse: reverse ?? false });
  };
}

export const reductionLowerings: Lowerings = {
  Sum: total('ReduceSum'),
  Prod: total('ReduceProd'),
  Mean: reduction((g, x, axes, keepDims) => g.reduce('ReduceMean', g.cast(x, 'float32'), axes, keepDims)),
  Max: extreme('ReduceMax'),
  Min: extreme('ReduceMin'),
  All: reduction((g, x, axes, keepDims) => not(g, any(g, not(g, x), axes, keepDims))),
  Any: reduction(any),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Cumsum: cumulative(cumulativeSum),
  Cumprod: cumulative(cumulativeProduct),
  /** tfjs has it along the last axis alone: `tf.softmax` refuses others. */
  Softmax: (g, { logits }, attributes) => {
    const { dim } = attributes as unknown as SoftmaxAttrs;
    const axis = logits!.shape.length - 1;
    if (dim !== -1 && dim !== axis) {
      throw new NoLoweringError(
        `softmax along axis ${dim} of [${logits!.shape}]: tfjs has it along the last axis alone`,
      );
    }
    return g.op('Softmax', [logits!], { axis }, logits!.shape);
  },
};
