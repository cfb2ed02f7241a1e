import { util } from '@tensorflow/tfjs-core';
import type { FillAttrs, LinSpaceAttrs, OneHotAttrs, RangeAttrs } from '@tensorflow/tfjs-core';

import { arrayOf } from '../graph/value.js';
import type { DType, TypedArray } from '../graph/value.js';
import { graphType, NoLoweringError } from './lowering.js';
import type { Lowerings } from './lowering.js';
import { select } from './numbers.js';

/** Each number from the one before it, rounded to the type, as tfjs does it. */
function steps(length: number, start: number, step: number, dtype: DType): TypedArray {
  const data = arrayOf(dtype, length);
  for (let i = 0; i < length; i++) data[i] = i === 0 ? start : Number(data[i - 1]) + step;
  return data;
}

/** How many numbers tfjs's range has, and its step: it turns the sign of a default step of 1. */
function rangeOf(start: number, stop: number, step: number): { length: number; step: number } {
  const empty = start === stop || (start < stop && step < 0) || (stop < start && step > 1);
  if (empty) return { length: 0, step };
  return { length: Math.abs(Math.ceil((stop - start) / step)), step: stop < start && step === 1 ? -1 : step };
}

/** 0, 1, ... as the last axis. */
export function counted(length: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => i);
}

export const constantLowerings: Lowerings = {
  Fill: (g, _inputs, attributes) => {
    const { shape, value, dtype } = attributes as unknown as FillAttrs;
    if (typeof value === 'string') throw new NoLoweringError('tensors of type string cannot be compiled');
    return g.splat(Number(value), shape, graphType(dtype ?? util.inferDtype(value)));
  },
  ZerosLike: (g, { x }) => g.splat(0, x!.shape, x!.dtype),
  OnesLike: (g, { x }) => g.splat(1, x!.shape, x!.dtype),
  Range: (g, _inputs, attributes) => {
    const { start, stop, step: by, dtype } = attributes as unknown as RangeAttrs;
    const { length, step } = rangeOf(start, stop, by);
    const type = graphType(dtype ?? 'float32');
    return g.constant(steps(length, start, step, type), [length], type);
  },
  LinSpace: (g, _inputs, attributes) => {
    const { start, stop, num } = attributes as unknown as LinSpaceAttrs;
    return g.constant(steps(num, start, (stop - start) / (num - 1), 'float32'), [num], 'float32');
  },
  /** Indices out of range have a row of `offValue`. */
  OneHot: (g, { indices }, attributes) => {
    const { depth, onValue, offValue, dtype } = attributes as unknown as OneHotAttrs;
    const type = graphType(dtype ?? 'int32');
    const rows = g.reshape(g.cast(indices!, 'int32'), [...indices!.shape, 1]);
    const hot = g.binary('Equal', rows, g.constant(counted(depth), [depth], 'int32'), 'bool');
    if (onValue === 1 && offValue === 0) return g.cast(hot, type);
    return select(g, hot, g.scalar(onValue, type), g.scalar(offValue, type));
  },
  /** The elements on the diagonal of a matrix; axes are those of x, twice. */
  Diag: (g, { x }) => {
    const identity = Uint8Array.from({ length: x!.size ** 2 }, (_, i) => Number(i % (x!.size + 1) === 0));
    const diagonal = g.constant(identity, [x!.size, x!.size], 'bool');
    const matrix = select(g, diagonal, g.reshape(x!, [x!.size, 1]), g.scalar(0, x!.dtype));
    return g.reshape(matrix, [...x!.shape, ...x!.shape]);
  },
};
