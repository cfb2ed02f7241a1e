import { createHash } from 'node:crypto';

import { floatOf } from './attributes.js';
import type { Builder, OutputType, Reduction, UnaryOptions } from './builder.js';
import type { Rules } from './rules/rules.js';
import { rulesFor } from './simplifications.js';
import type { GraphOptions } from './simplifications.js';
import { arrayOf, broadcastShape, sameShape, sizeOf, Value } from './value.js';
import type { Attribute, Attributes, DType, Node, TypedArray } from './value.js';

/**
 * A graph under construction: every computation that was asked for stands in it once. What it simplifies is in
 * `rules/`; here stands what each computation is.
 */
export class Graph implements Builder {
  private readonly table = new Map<string, Node>();
  private readonly rules: Rules;
  private nextId = 0;

  constructor(options: GraphOptions = {}) {
    this.rules = rulesFor(options);
  }

  node(
    op: string,
    inputs: readonly Value[],
    attributes: Attributes,
    outputs: readonly OutputType[],
    domain = '',
  ): readonly Value[] {
    const types = outputs.map(({ shape, dtype }) => `${dtype}[${shape}]`).join();
    const key = [op, domain, inputs.map(nameOf).join(), attributesKey(attributes), types].join('|');
    return this.consed(key, { op, domain, inputs, attributes }, outputs).outputs;
  }

  op(
    op: string,
    inputs: readonly Value[],
    attributes: Attributes,
    shape: readonly number[],
    dtype: DType = 'float32',
    domain = '',
  ): Value {
    // no elements: whatever they are computed from, and not every operator of ONNX Runtime knows that
    if (sizeOf(shape) === 0 && inputs.length > 0) return this.splat(0, shape, dtype);
    return this.node(op, inputs, attributes, [{ shape, dtype }], domain)[0]!;
  }

  input(name: string, shape: readonly number[], dtype: DType): Value {
    return this.op('Input', [], { name }, shape, dtype);
  }

  splat(value: number, shape: readonly number[], dtype: DType = 'float32'): Value {
    return this.op('Splat', [], { value: { float: rounded(value, dtype) } }, shape, dtype);
  }

  scalar(value: number, dtype: DType = 'float32'): Value {
    return this.splat(value, [], dtype);
  }

  constant(data: TypedArray, shape: readonly number[], dtype: DType): Value {
    const first = data[0] ?? 0;
    if (data.every((element: number | bigint) => Object.is(element, first))) {
      return this.splat(Number(first), shape, dtype);
    }
    const key = `Constant|${dtype}[${shape}]|${digest(data)}`;
    const parts = { op: 'Constant', domain: '', inputs: [], attributes: {}, data };
    return this.consed(key, parts, [{ shape, dtype }]).outputs[0]!;
  }

  isSplat(value: Value, number?: number): boolean {
    return value.op === 'Splat' && (number === undefined || this.splatValue(value) === number);
  }

  splatValue(value: Value): number {
    return floatOf(value, 'value');
  }

  dataOf(value: Value): TypedArray | undefined {
    if (value.op === 'Constant') return value.node.data;
    if (value.op !== 'Splat') return undefined;
    const number = this.splatValue(value);
    const data = arrayOf(value.dtype, value.size);
    return data instanceof BigInt64Array ? data.fill(BigInt(number)) : data.fill(number);
  }

  unary(op: string, x: Value, options: UnaryOptions = {}): Value {
    const { dtype = x.dtype, attributes = {} } = options;
    return this.rules.unary!(this, op, x, options) ?? this.op(op, [x], attributes, x.shape, dtype);
  }

  binary(op: string, a: Value, b: Value, dtype: DType = a.dtype): Value {
    if (a.dtype !== b.dtype) throw new TypeError(`${op} of ${a.dtype} and ${b.dtype}`);
    const shape = broadcastShape(a.shape, b.shape);
    return (
      this.nothing(shape, dtype) ?? this.rules.binary!(this, op, a, b, dtype) ?? this.op(op, [a, b], {}, shape, dtype)
    );
  }

  add(a: Value, b: Value): Value {
    return this.binary('Add', a, b);
  }

  sub(a: Value, b: Value): Value {
    return this.binary('Sub', a, b);
  }

  mul(a: Value, b: Value): Value {
    return this.binary('Mul', a, b);
  }

  div(a: Value, b: Value): Value {
    return this.binary('Div', a, b);
  }

  neg(x: Value): Value {
    return this.unary('Neg', x, { fold: (value) => -value });
  }

  cast(x: Value, dtype: DType): Value {
    if (x.dtype === dtype) return x;
    return this.unary('Cast', x, { dtype, fold: (value) => rounded(value, dtype) });
  }

  where(condition: Value, a: Value, b: Value): Value {
    const shape = broadcastShape(condition.shape, broadcastShape(a.shape, b.shape));
    return (
      this.nothing(shape, a.dtype) ??
      this.rules.where!(this, condition, a, b) ??
      this.op('Where', [condition, a, b], {}, shape, a.dtype)
    );
  }

  reduce(op: Reduction, x: Value, axes: readonly number[], keepDims: boolean): Value {
    const over = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis)).sort((a, b) => a - b);
    const kept = x.shape.map((length, i) => (over.includes(i) ? 1 : length));
    const shape = keepDims ? kept : x.shape.filter((_, i) => !over.includes(i));
    if (x.size === 0 && sizeOf(shape) > 0) return this.splat(OF_NOTHING[op], shape, x.dtype);
    const longer = over.filter((axis) => x.shape[axis] !== 1);
    if (longer.length === 0 || x.size === 0) return this.reshape(x, shape);
    return this.reshape(this.reduced(op, x, longer, kept), shape);
  }

  sum(x: Value, axes: readonly number[], keepDims: boolean): Value {
    return this.reduce('ReduceSum', x, axes, keepDims);
  }

  matmul(a: Value, b: Value, transposeA = false, transposeB = false): Value {
    const [m, k] = transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
    const n = transposeB ? b.shape.at(-2)! : b.shape.at(-1)!;
    const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const shape = [...batch, m, n];
    if (k === 0 || sizeOf(shape) === 0) return this.splat(0, shape);
    return this.rules.matmul!(this, a, b, transposeA, transposeB) ?? this.product(a, b, transposeA, transposeB, shape);
  }

  reshape(x: Value, shape: readonly number[]): Value {
    if (sameShape(x.shape, shape)) return x;
    if (x.size !== sizeOf(shape)) throw new RangeError(`[${x.shape}] does not reshape to [${shape}]`);
    if (x.op === 'Reshape') return this.reshape(x.inputs[0]!, shape);
    return (
      this.nothing(shape, x.dtype) ??
      this.rules.reshape!(this, x, shape) ??
      this.op('Reshape', [x], { shape }, shape, x.dtype)
    );
  }

  transpose(x: Value, permutation: readonly number[]): Value {
    if (permutation.every((axis, i) => axis === i)) return x;
    const shape = permutation.map((axis) => x.shape[axis]!);
    return (
      this.nothing(shape, x.dtype) ??
      this.rules.transpose!(this, x, permutation) ??
      this.op('Transpose', [x], { perm: permutation }, shape, x.dtype)
    );
  }

  expand(x: Value, shape: readonly number[]): Value {
    if (x.size === sizeOf(shape)) return this.reshape(x, shape);
    return (
      this.nothing(shape, x.dtype) ??
      this.rules.expand!(this, x, shape) ??
      this.op('Expand', [x], { shape }, shape, x.dtype)
    );
  }

  fit(x: Value, shape: readonly number[]): Value {
    return this.expand(x, shape);
  }

  slice(x: Value, begin: readonly number[], size: readonly number[]): Value {
    const end = begin.map((from, i) => from + size[i]!);
    return this.stridedSlice(
      x,
      begin,
      end,
      begin.map(() => 1),
    );
  }

  stridedSlice(x: Value, begin: readonly number[], end: readonly number[], strides: readonly number[]): Value {
    const shape = begin.map((from, i) => Math.max(0, Math.ceil((end[i]! - from) / strides[i]!)));
    if (sameShape(shape, x.shape)) return x;
    // one way of writing it: no steps along an axis with one element, and no end beyond the last one
    const steps = strides.map((stride, i) => (shape[i]! > 1 ? stride : 1));
    const ends = shape.map((length, i) => begin[i]! + (length - 1) * steps[i]! + 1);
    return (
      this.nothing(shape, x.dtype) ??
      this.rules.stridedSlice!(this, x, begin, ends, steps) ??
      this.op('Slice', [x], { begin, end: ends, strides: steps }, shape, x.dtype)
    );
  }

  reverse(x: Value, axis: number): Value {
    if (x.shape[axis]! <= 1) return x;
    return (
      this.nothing(x.shape, x.dtype) ??
      this.rules.reverse!(this, x, axis) ??
      this.op('Reverse', [x], { axis }, x.shape, x.dtype)
    );
  }

  concat(values: readonly Value[], axis: number): Value {
    const length = values.reduce((total, { shape }) => total + shape[axis]!, 0);
    const { shape: of, dtype } = values[0]!;
    const shape = of.with(axis, length);
    const pieces = values.filter(({ size }) => size > 0);
    if (pieces.length === 1) return pieces[0]!;
    return (
      this.nothing(shape, dtype) ??
      this.rules.concat!(this, pieces, axis) ??
      this.op('Concat', pieces, { axis }, shape, dtype)
    );
  }

  pad(x: Value, paddings: readonly (readonly [before: number, after: number])[], value = 0): Value {
    if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
    const shape = x.shape.map((length, i) => length + paddings[i]![0] + paddings[i]![1]);
    if (x.size === 0) return this.splat(value, shape, x.dtype);
    if (paddings.flat().some((padding) => padding < 0)) return this.pad(...cropped(this, x, paddings), value);
    const pads = [...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)];
    const attributes = { pads, value: { float: value } };
    return this.rules.pad!(this, x, paddings, value) ?? this.op('Pad', [x], attributes, shape, x.dtype);
  }

  gather(x: Value, indices: Value, axis: number): Value {
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return (
      this.nothing(shape, x.dtype) ??
      this.rules.gather!(this, x, indices, axis) ??
      this.op('Gather', [x, indices], { axis }, shape, x.dtype)
    );
  }

  /** What has no elements, if a shape has none. */
  private nothing(shape: readonly number[], dtype: DType): Value | undefined {
    return sizeOf(shape) === 0 ? this.splat(0, shape, dtype) : undefined;
  }

  private reduced(op: Reduction, x: Value, axes: readonly number[], kept: readonly number[]): Value {
    if (op === 'ReduceMean') {
      const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
      return this.mul(this.reduce('ReduceSum', x, axes, true), this.scalar(1 / count));
    }
    return this.rules.reduce!(this, op, x, axes, true) ?? this.op(op, [x], { axes, keepdims: 1 }, kept, x.dtype);
  }

  /** Matrices are multiplied by Gemm, which ONNX Runtime does best and which takes a bias. */
  private product(a: Value, b: Value, transposeA: boolean, transposeB: boolean, shape: readonly number[]): Value {
    const attributes = { transA: Number(transposeA), transB: Number(transposeB) };
    const [m, n] = shape.slice(-2) as [number, number];
    const rows = sizeOf(shape.slice(0, -2)) * m;
    const oneB = sizeOf(b.shape.slice(0, -2)) === 1;
    // a batch of matrices times one matrix is one product
    if (oneB && (rows === m || !transposeA)) {
      const left = this.reshape(a, [a.size / a.shape.at(-1)!, a.shape.at(-1)!]);
      const right = this.reshape(b, b.shape.slice(-2));
      return this.reshape(this.op('Gemm', [left, right], attributes, [rows, n]), shape);
    }
    if (!transposeA && !transposeB) return this.op('MatMul', [a, b], {}, shape);
    return this.op('FusedMatMul', [a, b], attributes, shape, 'float32', 'com.microsoft');
  }

  private consed(key: string, parts: Omit<Node, 'id' | 'outputs'>, types: readonly OutputType[]): Node {
    const known = this.table.get(key);
    if (known !== undefined) return known;
    const outputs: Value[] = [];
    const node: Node = { id: this.nextId++, ...parts, outputs };
    types.forEach(({ shape, dtype }, i) => outputs.push(new Value(node, i, shape, dtype)));
    this.table.set(key, node);
    return node;
  }
}

/** What the reductions are over an axis of length 0. */
const OF_NOTHING: Readonly<Record<Reduction, number>> = {
  ReduceSum: 0,
  ReduceMean: NaN,
  ReduceMax: -Infinity,
  ReduceMin: Infinity,
  ReduceProd: 1,
};

/** What is left after negative paddings, and the paddings that are left. */
function cropped(
  g: Builder,
  x: Value,
  paddings: readonly (readonly [before: number, after: number])[],
): [Value, [before: number, after: number][]] {
  const begin = paddings.map(([before]) => Math.max(0, -before));
  const size = x.shape.map((length, i) => length - begin[i]! - Math.max(0, -paddings[i]![1]));
  if (size.some((length) => length < 0)) throw new RangeError(`[${x.shape}] has less than the paddings take away`);
  return [g.slice(x, begin, size), paddings.map(([before, after]) => [Math.max(0, before), Math.max(0, after)])];
}

function nameOf({ node, index }: Value): string {
  return `${node.id}.${index}`;
}

/** JSON has neither -0 nor what is not finite. */
function attributesKey(attributes: Attributes): string {
  const exact = (value: Attribute): unknown =>
    typeof value === 'object' && 'float' in value ? `f${Object.is(value.float, -0) ? '-0' : value.float}` : value;
  return JSON.stringify(Object.entries(attributes).map(([name, value]) => [name, exact(value)]));
}

function rounded(value: number, dtype: DType): number {
  if (dtype === 'float32') return Math.fround(value);
  if (dtype === 'bool') return value === 0 ? 0 : 1;
  if (dtype === 'uint32') return value >>> 0;
  return dtype === 'int32' ? value | 0 : Math.trunc(Number.isFinite(value) ? value : 0);
}

function digest(data: TypedArray): string {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return bytes.length <= 64 ? bytes.toString('latin1') : createHash('sha1').update(bytes).digest('base64');
}
