import { createHash } from 'node:crypto';

import type { Builder, OutputType, Reduction, UnaryOptions } from './builder.js';
import { arrayOf, broadcastShape, sameShape, sizeOf, Value } from './value.js';
import type { Attribute, Attributes, DType, Node, TypedArray } from './value.js';

/** A graph under construction: every computation that was asked for stands in it once. */
export class Graph implements Builder {
  private readonly table = new Map<string, Node>();
  private nextId = 0;

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
    const first = data[0];
    if (first !== undefined && data.every((element: number | bigint) => Object.is(element, first))) {
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
    return (value.attributes['value'] as { float: number }).float;
  }

  dataOf(value: Value): TypedArray | undefined {
    if (value.op === 'Constant') return value.node.data;
    if (value.op !== 'Splat') return undefined;
    const number = this.splatValue(value);
    const data = arrayOf(value.dtype, value.size);
    return data instanceof BigInt64Array ? data.fill(BigInt(number)) : data.fill(number);
  }

  unary(op: string, x: Value, { dtype = x.dtype, attributes = {}, fold }: UnaryOptions = {}): Value {
    if (fold !== undefined && this.isSplat(x)) return this.splat(fold(this.splatValue(x)), x.shape, dtype);
    return this.op(op, [x], attributes, x.shape, dtype);
  }

  binary(op: string, a: Value, b: Value, dtype: DType = a.dtype): Value {
    if (a.dtype !== b.dtype) throw new TypeError(`${op} of ${a.dtype} and ${b.dtype}`);
    return this.op(op, [a, b], {}, broadcastShape(a.shape, b.shape), dtype);
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
    return x.dtype === dtype ? x : this.unary('Cast', x, { dtype });
  }

  where(condition: Value, a: Value, b: Value): Value {
    const shape = broadcastShape(condition.shape, broadcastShape(a.shape, b.shape));
    return this.op('Where', [condition, a, b], {}, shape, a.dtype);
  }

  reduce(op: Reduction, x: Value, axes: readonly number[], keepDims: boolean): Value {
    const reduced = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis)).sort((a, b) => a - b);
    const kept = x.shape.map((length, i) => (reduced.includes(i) ? 1 : length));
    const shape = keepDims ? kept : x.shape.filter((_, i) => !reduced.includes(i));
    if (reduced.length === 0) return x;
    if (op === 'ReduceMean') {
      const count = reduced.reduce((product, axis) => product * x.shape[axis]!, 1);
      return this.mul(this.reduce('ReduceSum', x, axes, keepDims), this.scalar(1 / count));
    }
    return this.reshape(this.op(op, [x], { axes: reduced, keepdims: 1 }, kept, x.dtype), shape);
  }

  sum(x: Value, axes: readonly number[], keepDims: boolean): Value {
    return this.reduce('ReduceSum', x, axes, keepDims);
  }

  matmul(a: Value, b: Value, transposeA = false, transposeB = false): Value {
    const [m, k] = transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
    const n = transposeB ? b.shape.at(-2)! : b.shape.at(-1)!;
    const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const attributes = { transA: Number(transposeA), transB: Number(transposeB) };
    if (sizeOf(batch) === 1) {
      const flat = [this.reshape(a, a.shape.slice(-2)), this.reshape(b, b.shape.slice(-2))];
      return this.reshape(this.op('Gemm', flat, attributes, [m, n]), [...batch, m, n]);
    }
    if (!transposeA && sizeOf(b.shape.slice(0, -2)) === 1) {
      const flat = [this.reshape(a, [a.size / k, k]), this.reshape(b, b.shape.slice(-2))];
      return this.reshape(this.op('Gemm', flat, attributes, [a.size / k, n]), [...batch, m, n]);
    }
    if (!transposeA && !transposeB) return this.op('MatMul', [a, b], {}, [...batch, m, n]);
    return this.op('FusedMatMul', [a, b], attributes, [...batch, m, n], 'float32', 'com.microsoft');
  }

  reshape(x: Value, shape: readonly number[]): Value {
    if (sameShape(x.shape, shape)) return x;
    if (x.size !== sizeOf(shape)) throw new RangeError(`[${x.shape}] does not reshape to [${shape}]`);
    if (x.op === 'Splat') return this.splat(this.splatValue(x), shape, x.dtype);
    if (x.op === 'Reshape') return this.reshape(x.inputs[0]!, shape);
    return this.op('Reshape', [x], { shape }, shape, x.dtype);
  }

  transpose(x: Value, permutation: readonly number[]): Value {
    if (permutation.every((axis, i) => axis === i)) return x;
    const shape = permutation.map((axis) => x.shape[axis]!);
    return this.op('Transpose', [x], { perm: permutation }, shape, x.dtype);
  }

  expand(x: Value, shape: readonly number[]): Value {
    if (sameShape(x.shape, shape)) return x;
    return this.op('Expand', [x], { shape }, shape, x.dtype);
  }

  fit(x: Value, shape: readonly number[]): Value {
    return x.size === sizeOf(shape) ? this.reshape(x, shape) : this.expand(x, shape);
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
    return this.op('Slice', [x], { begin, end, strides }, shape, x.dtype);
  }

  reverse(x: Value, axis: number): Value {
    return x.shape[axis]! <= 1 ? x : this.op('Reverse', [x], { axis }, x.shape, x.dtype);
  }

  concat(values: readonly Value[], axis: number): Value {
    const [first] = values;
    if (values.length === 1) return first!;
    const length = values.reduce((total, { shape }) => total + shape[axis]!, 0);
    return this.op('Concat', values, { axis }, first!.shape.with(axis, length), first!.dtype);
  }

  pad(x: Value, paddings: readonly (readonly [before: number, after: number])[], value = 0): Value {
    if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
    const shape = x.shape.map((length, i) => length + paddings[i]![0] + paddings[i]![1]);
    const pads = [...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)];
    return this.op('Pad', [x], { pads, value: { float: value } }, shape, x.dtype);
  }

  gather(x: Value, indices: Value, axis: number): Value {
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return this.op('Gather', [x, indices], { axis }, shape, x.dtype);
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
  return dtype === 'uint32' ? value >>> 0 : Math.trunc(value);
}

function digest(data: TypedArray): string {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return bytes.length <= 64 ? bytes.toString('latin1') : createHash('sha1').update(bytes).digest('base64');
}
