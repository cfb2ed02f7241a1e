/** The element types of a graph. `bool` has a byte an element. */
export type DType = 'float32' | 'int32' | 'bool' | 'int64' | 'uint32';

export type TypedArray = Float32Array | Int32Array | Uint8Array | BigInt64Array | Uint32Array;

/** An attribute of a node: a whole number or a list of them, a text, or a number marked as a float. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

export type Attributes = Readonly<Record<string, Attribute>>;

/** What a node computes: its shape is static. Two equal computations are one value, so values are compared by identity. */
export class Value {
  readonly size: number;

  constructor(
    readonly node: Node,
    /** Which output of the node. */
    readonly index: number,
    readonly shape: readonly number[],
    readonly dtype: DType,
  ) {
    this.size = sizeOf(shape);
  }

  get op(): string {
    return this.node.op;
  }

  get inputs(): readonly Value[] {
    return this.node.inputs;
  }

  get attributes(): Attributes {
    return this.node.attributes;
  }
}

/**
 * An operation. Most are ONNX operators of that name, but shapes, axes and the like, which ONNX wants as inputs, are
 * attributes here. Pseudo operations: `Input` (name), `Constant` (data), `Splat` (one number everywhere: value).
 */
export interface Node {
  readonly id: number;
  readonly op: string;
  /** Empty for ONNX's own, `com.microsoft` for ONNX Runtime's. */
  readonly domain: string;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
  /** The elements of a `Constant`. */
  readonly data?: TypedArray;
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** A shape of a higher rank: axes of length 1 go before it, as in broadcasting. */
export function ofRank(shape: readonly number[], rank: number): number[] {
  return [...Array<number>(rank - shape.length).fill(1), ...shape];
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

/**
 * The shape that both broadcast to.
 *
 * @throws RangeError if they do not broadcast.
 */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const one = a[i - rank + a.length] ?? 1;
    const other = b[i - rank + b.length] ?? 1;
    if (one !== other && one !== 1 && other !== 1) throw new RangeError(`[${a}] and [${b}] do not broadcast`);
    return one === 1 ? other : one;
  });
}

/** An array for elements of a type. */
export function arrayOf(dtype: DType, length: number): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'uint32':
      return new Uint32Array(length);
    case 'int64':
      return new BigInt64Array(length);
    case 'bool':
      return new Uint8Array(length);
  }
}
