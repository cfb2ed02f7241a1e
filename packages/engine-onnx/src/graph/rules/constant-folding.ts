import type { Builder } from '../builder.js';
import { broadcastStrides, elementsAt, elementsFrom, stridesOf } from '../elements.js';
import { arrayOf, broadcastShape, sizeOf } from '../value.js';
import type { DType, TypedArray, Value } from '../value.js';
import type { Rules } from './rules.js';

/** Constants with more elements are left to ONNX Runtime: a model should not become larger than what it computes. */
const MOST_ELEMENTS = 2 ** 20;

/** What is known before a step runs is computed before it runs. */
export const constantFolding: Rules = {
  unary: (g, op, x, { dtype = x.dtype, fold }) => {
    if (fold === undefined) return undefined;
    if (g.isSplat(x)) return g.splat(fold(g.splatValue(x)), x.shape, dtype);
    const data = smallConstant(g, x);
    if (data === undefined) return undefined;
    return g.constant(
      elementsFrom(dtype, x.size, (i) => fold(Number(data[i]))),
      x.shape,
      dtype,
    );
  },

  binary: (g, op, a, b, dtype) => {
    const fold = foldOf(op, a.dtype);
    if (fold === undefined || !isConstant(a) || !isConstant(b)) return undefined;
    const shape = broadcastShape(a.shape, b.shape);
    if (g.isSplat(a) && g.isSplat(b)) {
      const value = fold(g.splatValue(a), g.splatValue(b));
      return value === undefined ? undefined : g.splat(value, shape, dtype);
    }
    if (sizeOf(shape) > MOST_ELEMENTS) return undefined;
    const [x, y] = [a, b].map((value) => broadcastElements(g, value, shape)) as [TypedArray, TypedArray];
    let known = true;
    const data = elementsFrom(dtype, sizeOf(shape), (i) => {
      const value = fold(Number(x[i]), Number(y[i]));
      if (value === undefined) known = false;
      return value ?? 0;
    });
    return known ? g.constant(data, shape, dtype) : undefined;
  },

  where: (g, condition, a, b) => {
    if (!g.isSplat(condition)) return undefined;
    const shape = broadcastShape(condition.shape, broadcastShape(a.shape, b.shape));
    return g.fit(g.isSplat(condition, 0) ? b : a, shape);
  },

  reduce: (g, op, x, axes) => {
    if (!g.isSplat(x)) return undefined;
    const value = g.splatValue(x);
    const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
    const shape = x.shape.map((length, i) => (axes.includes(i) ? 1 : length));
    const folded = op === 'ReduceSum' ? value * count : op === 'ReduceProd' ? value ** count : value;
    return x.dtype === 'float32' || Number.isSafeInteger(folded) ? g.splat(folded, shape, x.dtype) : undefined;
  },

  reshape: (g, x, shape) => {
    if (g.isSplat(x)) return g.splat(g.splatValue(x), shape, x.dtype);
    return x.node.data && g.constant(x.node.data, shape, x.dtype);
  },

  transpose: (g, x, permutation) => {
    const strides = stridesOf(x.shape);
    return moved(
      g,
      x,
      permutation.map((axis) => x.shape[axis]!),
      permutation.map((axis) => strides[axis]!),
    );
  },

  expand: (g, x, shape) => (g.isSplat(x) ? g.splat(g.splatValue(x), shape, x.dtype) : undefined),

  stridedSlice: (g, x, begin, end, strides) => {
    const steps = stridesOf(x.shape);
    return moved(
      g,
      x,
      begin.map((from, i) => Math.ceil((end[i]! - from) / strides[i]!)),
      steps.map((step, i) => step * strides[i]!),
      steps.reduce((offset, step, i) => offset + step * begin[i]!, 0),
    );
  },

  reverse: (g, x, axis) => {
    const steps = stridesOf(x.shape);
    const last = steps[axis]! * (x.shape[axis]! - 1);
    return moved(g, x, x.shape, steps.with(axis, -steps[axis]!), last);
  },

  concat: (g, values, axis) => {
    const at = values.findIndex((value, i) => i > 0 && joinable(g, values[i - 1]!, value));
    if (at < 0) return undefined;
    const joined = joinedConstant(g, values[at - 1]!, values[at]!, axis);
    return g.concat([...values.slice(0, at - 1), joined, ...values.slice(at + 1)], axis);
  },

  pad: (g, x, paddings, value) => {
    const shape = x.shape.map((length, i) => length + paddings[i]![0] + paddings[i]![1]);
    return g.isSplat(x, value) ? g.splat(value, shape, x.dtype) : undefined;
  },
};

/** Whether the elements are known. */
function isConstant({ op }: Value): boolean {
  return op === 'Splat' || op === 'Constant';
}

function smallConstant(g: Builder, x: Value): TypedArray | undefined {
  return isConstant(x) && x.size <= MOST_ELEMENTS ? g.dataOf(x) : undefined;
}

function broadcastElements(g: Builder, value: Value, shape: readonly number[]): TypedArray {
  return elementsAt(g.dataOf(value)!, value.dtype, shape, broadcastStrides(value.shape, shape));
}

function moved(
  g: Builder,
  x: Value,
  shape: readonly number[],
  steps: readonly number[],
  offset = 0,
): Value | undefined {
  if (g.isSplat(x)) return g.splat(g.splatValue(x), shape, x.dtype);
  const data = smallConstant(g, x);
  return data && g.constant(elementsAt(data, x.dtype, shape, steps, offset), shape, x.dtype);
}

/** Splats of different numbers stay apart if they are large: together they would be stored. */
function joinable(g: Builder, a: Value, b: Value): boolean {
  if (!isConstant(a) || !isConstant(b)) return false;
  return (g.isSplat(a) && g.isSplat(b, g.splatValue(a))) || a.size + b.size <= MOST_ELEMENTS;
}

function joinedConstant(g: Builder, a: Value, b: Value, axis: number): Value {
  const shape = a.shape.with(axis, a.shape[axis]! + b.shape[axis]!);
  if (g.isSplat(a) && g.isSplat(b, g.splatValue(a))) return g.splat(g.splatValue(a), shape, a.dtype);
  const [first, second] = [g.dataOf(a)!, g.dataOf(b)!];
  const [here, there] = [a, b].map((value) => sizeOf(value.shape.slice(axis))) as [number, number];
  const joined = arrayOf(a.dtype, a.size + b.size);
  for (let row = 0; row * (here + there) < joined.length; row++) {
    const at = row * (here + there);
    joined.set(first.subarray(row * here, (row + 1) * here) as never, at);
    joined.set(second.subarray(row * there, (row + 1) * there) as never, at + here);
  }
  return g.constant(joined, shape, a.dtype);
}

type Fold = (a: number, b: number) => number | undefined;

const COMPARISONS: Readonly<Record<string, Fold>> = {
  Less: (a, b) => Number(a < b),
  LessOrEqual: (a, b) => Number(a <= b),
  Greater: (a, b) => Number(a > b),
  GreaterOrEqual: (a, b) => Number(a >= b),
  Equal: (a, b) => Number(a === b),
};

const FLOATS: Readonly<Record<string, Fold>> = {
  ...COMPARISONS,
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Pow: (a, b) => a ** b,
  Max: (a, b) => Math.max(a, b),
  Min: (a, b) => Math.min(a, b),
};

/** Of 32 bits: what they overflow to is what an array of them stores. Division by 0 has no result. */
const INTEGERS: Readonly<Record<string, Fold>> = {
  ...COMPARISONS,
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: Math.imul,
  Div: (a, b) => (b === 0 ? undefined : a / b),
  Max: (a, b) => Math.max(a, b),
  Min: (a, b) => Math.min(a, b),
};

const BOOLEANS: Readonly<Record<string, Fold>> = {
  And: (a, b) => a & b,
  Or: (a, b) => a | b,
  Xor: (a, b) => a ^ b,
  Equal: (a, b) => Number(a === b),
};

function foldOf(op: string, dtype: DType): Fold | undefined {
  switch (dtype) {
    case 'float32':
      return FLOATS[op];
    case 'bool':
      return BOOLEANS[op];
    case 'int32':
    case 'uint32':
      return INTEGERS[op];
    case 'int64':
      return undefined;
  }
}
