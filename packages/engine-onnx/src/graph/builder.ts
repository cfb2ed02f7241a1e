import type { Attributes, DType, TypedArray, Value } from './value.js';

/** The shape and type of an output. */
export interface OutputType {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export interface UnaryOptions {
  /** The type of the result. Default: that of the argument. */
  readonly dtype?: DType;
  readonly attributes?: Attributes;
  /** The operation on one element, for constants. */
  readonly fold?: (x: number) => number;
}

/** Reductions; `ReduceMean` is a sum and a product. */
export type Reduction = 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceProd';

/**
 * Makes values. Each method returns the simplest value that equals what was asked for, an older one if it is there
 * already. Shapes broadcast as in NumPy where two arguments are elementwise; axes may not be negative unless said.
 *
 * Lowerings and passes see this interface; {@link Graph} is what stands behind it.
 */
export interface Builder {
  /** Any operation, as it stands. Prefer the methods below: they simplify. */
  node(
    op: string,
    inputs: readonly Value[],
    attributes: Attributes,
    outputs: readonly OutputType[],
    domain?: string,
  ): readonly Value[];

  /** The same with one output. Default type: float32. */
  op(
    op: string,
    inputs: readonly Value[],
    attributes: Attributes,
    shape: readonly number[],
    dtype?: DType,
    domain?: string,
  ): Value;

  /** What the caller of the graph feeds. One name is one value. */
  input(name: string, shape: readonly number[], dtype: DType): Value;

  /** The number everywhere. Booleans are 0 and 1. */
  splat(value: number, shape: readonly number[], dtype?: DType): Value;

  /** A splat of shape []. */
  scalar(value: number, dtype?: DType): Value;

  /** Elements in row-major order. The array is not copied and must not change. */
  constant(data: TypedArray, shape: readonly number[], dtype: DType): Value;

  /** Whether it is the same number everywhere: that number if one is given. */
  isSplat(value: Value, number?: number): boolean;

  /** The number of a splat. */
  splatValue(value: Value): number;

  /** The elements of a constant or splat, undefined if it is neither. */
  dataOf(value: Value): TypedArray | undefined;

  /** An operation on each element by itself. What looks at others (a softmax) is an {@link op}. */
  unary(op: string, x: Value, options?: UnaryOptions): Value;

  /**
   * An elementwise operation on two arguments of one type.
   *
   * @param dtype of the result. Default: that of the arguments.
   */
  binary(op: string, a: Value, b: Value, dtype?: DType): Value;

  add(a: Value, b: Value): Value;
  sub(a: Value, b: Value): Value;
  mul(a: Value, b: Value): Value;
  div(a: Value, b: Value): Value;
  neg(x: Value): Value;

  /** To bool: what is not 0; to whole numbers: towards 0. */
  cast(x: Value, dtype: DType): Value;

  where(condition: Value, a: Value, b: Value): Value;

  /** Over axes, which may be negative. Kept ones have length 1. */
  reduce(op: Reduction, x: Value, axes: readonly number[], keepDims: boolean): Value;
  sum(x: Value, axes: readonly number[], keepDims: boolean): Value;

  /** A product of matrices, or of batches of them: [..., m, k] and [..., k, n], before transposition of the last two axes. */
  matmul(a: Value, b: Value, transposeA?: boolean, transposeB?: boolean): Value;

  reshape(x: Value, shape: readonly number[]): Value;

  /** Axis i of the result is axis `permutation[i]` of x. */
  transpose(x: Value, permutation: readonly number[]): Value;

  /** Broadcasts to a shape. */
  expand(x: Value, shape: readonly number[]): Value;

  /** Reshapes where the number of elements is the same, broadcasts otherwise. */
  fit(x: Value, shape: readonly number[]): Value;

  slice(x: Value, begin: readonly number[], size: readonly number[]): Value;

  /** From `begin`, before `end`, in steps; none may be negative. */
  stridedSlice(x: Value, begin: readonly number[], end: readonly number[], strides: readonly number[]): Value;

  /** Turned around along one axis. */
  reverse(x: Value, axis: number): Value;

  /** At least one, of one type; shapes differ along the axis alone. */
  concat(values: readonly Value[], axis: number): Value;

  /** Adds elements [before, after] each axis; numbers below 0 take away. */
  pad(x: Value, paddings: readonly (readonly [before: number, after: number])[], value?: number): Value;

  /** Slices of x along an axis, at int32 or int64 indices of any shape. */
  gather(x: Value, indices: Value, axis: number): Value;
}
