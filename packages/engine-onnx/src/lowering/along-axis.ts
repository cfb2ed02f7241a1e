import type { Builder } from '../graph/builder.js';
import { sizeOf } from '../graph/value.js';
import type { Value } from '../graph/value.js';

/** A linear map of the elements along an axis: the product with weights, [to, from] in row-major order. */
export function mappedAlong(g: Builder, x: Value, axis: number, weights: Float32Array, to: number): Value {
  const from = x.shape[axis]!;
  const matrix = g.constant(weights, [to, from], 'float32');
  const [outer, inner] = [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis + 1))];
  const shape = x.shape.with(axis, to);
  // ONNX Runtime refuses the product of one matrix and no matrices
  if (x.size === 0) return g.splat(0, shape);
  if (inner === 1) return g.reshape(g.matmul(g.reshape(x, [outer, from]), matrix, false, true), shape);
  return g.reshape(g.matmul(matrix, g.reshape(x, [outer, from, inner])), shape);
}
