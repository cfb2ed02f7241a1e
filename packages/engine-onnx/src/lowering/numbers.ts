import type { Builder } from '../graph/builder.js';
import type { DType, Value } from '../graph/value.js';
import { NoLoweringError } from './lowering.js';

const RANKS: Readonly<Record<string, number>> = { bool: 0, int32: 1, float32: 2 };

/** The type in which tfjs computes with elements of two types. */
export function upcast(a: DType, b: DType): DType {
  return RANKS[a]! >= RANKS[b]! ? a : b;
}

/**
 * Numbers as tfjs keeps them in a tensor of a type. In one of whole numbers the fraction is cut off, numbers count
 * modulo 2^32, and what is not finite is 0: as JavaScript does it. ONNX Runtime's own cast leaves that open.
 */
export function stored(g: Builder, x: Value, dtype: DType): Value {
  if (x.dtype !== 'float32' || dtype !== 'int32') return g.cast(x, dtype);
  const data = g.dataOf(x);
  if (data !== undefined) return g.constant(Int32Array.from(data as Float32Array), x.shape, 'int32');
  // The remainder also keeps ONNX Runtime from making one cast of the two.
  const wide = g.cast(x, 'int64');
  return g.cast(g.binary('Mod', wide, g.scalar(2 ** 32, 'int64')), 'int32');
}

/** Booleans as whole numbers: ONNX Runtime has few operators for booleans. */
export function countable(g: Builder, x: Value): Value {
  return x.dtype === 'bool' ? g.cast(x, 'int32') : x;
}

/** `g.where` for every type: ONNX Runtime has none for booleans. */
export function select(g: Builder, condition: Value, a: Value, b: Value): Value {
  return g.cast(g.where(condition, countable(g, a), countable(g, b)), a.dtype);
}

/** @throws NoLoweringError for arithmetic that would leave numbers other than 0 and 1 in a tensor of booleans, as tfjs does. */
export function refuseBooleans(kernel: string, ...values: readonly Value[]): void {
  if (!values.some(({ dtype }) => dtype === 'bool')) return;
  throw new NoLoweringError(`${kernel} of booleans cannot be compiled: cast them to int32 or float32 first`);
}
