import type { BatchMatMulAttrs, EinsumAttrs, _FusedMatMulAttrs } from '@tensorflow/tfjs-core';

import type { Builder } from '../graph/builder.js';
import { broadcastShape } from '../graph/value.js';
import type { Value } from '../graph/value.js';
import { activated } from './activation.js';
import type { Lowerings } from './lowering.js';
import { countable, refuseBooleans, stored, upcast } from './numbers.js';

function lastTransposed(g: Builder, x: Value): Value {
  const rank = x.shape.length;
  return g.transpose(x, [...x.shape.keys()].slice(0, -2).concat(rank - 1, rank - 2));
}

/** In the type of the first. ONNX Runtime has Gemm and FusedMatMul for float32 alone, MatMul for int32 too. */
function matmul(g: Builder, a: Value, b: Value, { transposeA, transposeB }: BatchMatMulAttrs): Value {
  refuseBooleans('BatchMatMul', a);
  const type = upcast(a.dtype, b.dtype);
  const [left, right] = [g.cast(a, type), g.cast(b, type)];
  const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, a.shape.at(transposeA ? -1 : -2)!, b.shape.at(transposeB ? -2 : -1)!];
  // ONNX Runtime's FusedMatMul leaves the result as it finds the memory where there is nothing to add up
  if (a.size === 0 || b.size === 0) return g.splat(0, shape, a.dtype);
  if (type === 'float32') return stored(g, g.matmul(left, right, transposeA, transposeB), a.dtype);
  const [rows, columns] = [transposeA ? lastTransposed(g, left) : left, transposeB ? lastTransposed(g, right) : right];
  return g.op('MatMul', [rows, columns], {}, shape, type);
}

export const productLowerings: Lowerings = {
  BatchMatMul: (g, { a, b }, attributes) => matmul(g, a!, b!, attributes as unknown as BatchMatMulAttrs),
  _FusedMatMul: (g, { a, b, bias, preluActivationWeights: preluWeights }, attributes) => {
    const { activation, leakyreluAlpha, ...transposes } = attributes as unknown as _FusedMatMulAttrs;
    const product = matmul(g, a!, b!, transposes);
    const value = bias === undefined ? product : g.add(product, bias);
    return activated(g, value, activation, { preluWeights, leakyreluAlpha });
  },
  Einsum: (g, inputs, attributes) => {
    const equation = (attributes as unknown as EinsumAttrs).equation.replaceAll(' ', '');
    const [terms, result] = equation.split('->') as [string, string];
    const given = Object.values(inputs);
    const type = given.map(({ dtype }) => dtype).reduce(upcast);
    const values = given.map((value) => countable(g, g.cast(value, type)));
    const lengths = new Map<string, number>();
    terms.split(',').forEach((term, i) => [...term].forEach((axis, j) => lengths.set(axis, given[i]!.shape[j]!)));
    const shape = [...result].map((axis) => lengths.get(axis)!);
    return g.op('Einsum', values, { equation }, shape, values[0]!.dtype);
  },
};
