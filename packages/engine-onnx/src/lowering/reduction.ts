import { util } from '@tensorflow/tfjs-core';
import type { CumsumAttrs, MaxAttrs, SoftmaxAttrs, SumAttrs } from '@tensorflow/tfjs-core';

import type { Builder, Reduction } from '../graph/builder.js';
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

/** Booleans are counted. */
function counting(op: Reduction): Lowering {
  return reduction((g, x, axes, keepDims) => g.reduce(op, countable(g, x), axes, keepDims));
}

/** The type stays. Over nothing ONNX Runtime has the extreme of the type. */
function extreme(op: Reduction): Lowering {
  return reduction((g, x, axes, keepDims) => g.cast(g.reduce(op, countable(g, x), axes, keepDims), x.dtype));
}

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
  Sum: counting('ReduceSum'),
  Prod: counting('ReduceProd'),
  Mean: reduction((g, x, axes, keepDims) => g.reduce('ReduceMean', g.cast(x, 'float32'), axes, keepDims)),
  Max: extreme('ReduceMax'),
  Min: extreme('ReduceMin'),
  All: extreme('ReduceMin'),
  Any: extreme('ReduceMax'),
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
