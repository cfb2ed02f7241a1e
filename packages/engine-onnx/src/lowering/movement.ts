import { backend_util, slice_util, util } from '@tensorflow/tfjs-core';
import type {
  BatchToSpaceNDAttrs,
  CastAttrs,
  ConcatAttrs,
  DepthToSpaceAttrs,
  ExpandDimsAttrs,
  MirrorPadAttrs,
  PackAttrs,
  PadV2Attrs,
  ReshapeAttrs,
  ReverseAttrs,
  SliceAttrs,
  SpaceToBatchNDAttrs,
  SplitVAttrs,
  StridedSliceAttrs,
  TileAttrs,
  TransposeAttrs,
  UnpackAttrs,
} from '@tensorflow/tfjs-core';

import type { Builder } from '../graph/builder.js';
import { sizeOf } from '../graph/value.js';
import type { Value } from '../graph/value.js';
import { graphType, NoLoweringError } from './lowering.js';
import type { Lowerings } from './lowering.js';
import { stored } from './numbers.js';

function fromFront(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** Elements [from, from + length) along one axis. */
function along(g: Builder, x: Value, axis: number, from: number, length: number): Value {
  const begin = x.shape.map((_, i) => (i === axis ? from : 0));
  return g.slice(x, begin, x.shape.with(axis, length));
}

function withAxis(g: Builder, x: Value, axis: number): Value {
  return g.reshape(x, x.shape.toSpliced(fromFront(axis, x.shape.length + 1), 0, 1));
}

function reversed(g: Builder, x: Value, axes: readonly number[]): Value {
  return axes.reduce((value, axis) => g.reverse(value, axis), x);
}

/** Along axes with a stride below 0 the tensor is turned around and read with the opposite one. */
function strided(g: Builder, x: Value, begin: number[], end: number[], strides: number[]): Value {
  const backwards = strides.flatMap((stride, axis) => (stride < 0 ? [axis] : []));
  const turned = reversed(g, x, backwards);
  const position = (from: readonly number[]): number[] =>
    from.map((index, axis) => (strides[axis]! < 0 ? x.shape[axis]! - 1 - index : index));
  return g.stridedSlice(turned, position(begin), position(end), strides.map(Math.abs));
}

function tiled(g: Builder, x: Value, repetitions: readonly number[]): Value {
  const shape = x.shape.map((length, axis) => length * repetitions[axis]!);
  if (sizeOf(shape) === 0) return g.splat(0, shape, x.dtype);
  if (x.shape.every((length, axis) => length === 1 || repetitions[axis] === 1)) return g.expand(x, shape);
  const apart = x.shape.flatMap((length) => [1, length]);
  const repeated = x.shape.flatMap((length, axis) => [repetitions[axis]!, length]);
  return g.reshape(g.expand(g.reshape(x, apart), repeated), shape);
}

/** Continues x beyond its ends as in a mirror, which stands on the last element (`reflect`) or behind it (`symmetric`). */
function mirrored(g: Builder, x: Value, { paddings, mode }: MirrorPadAttrs): Value {
  const skipped = mode === 'reflect' ? 1 : 0;
  return paddings.reduce((value, [before, after], axis) => {
    const length = value.shape[axis]!;
    const parts = [value];
    if (before > 0) parts.unshift(g.reverse(along(g, value, axis, skipped, before), axis));
    if (after > 0) parts.push(g.reverse(along(g, value, axis, length - skipped - after, after), axis));
    return g.concat(parts, axis);
  }, x);
}

function spaceToBatch(g: Builder, x: Value, { blockShape, paddings }: SpaceToBatchNDAttrs): Value {
  const block = sizeOf(blockShape);
  const padded = g.pad(
    x,
    x.shape.map((_, axis) => {
      const [before, after] = paddings[axis - 1] ?? [0, 0];
      return [before!, after!] as const;
    }),
  );
  const shape = [...padded.shape];
  const apart = g.reshape(padded, backend_util.getReshaped(shape, blockShape, block, false));
  const order = backend_util.getPermuted(apart.shape.length, blockShape.length, false);
  return g.reshape(g.transpose(apart, order), backend_util.getReshapedPermuted(shape, blockShape, block, false));
}

function batchToSpace(g: Builder, x: Value, { blockShape, crops }: BatchToSpaceNDAttrs): Value {
  const block = sizeOf(blockShape);
  const shape = [...x.shape];
  const apart = g.reshape(x, backend_util.getReshaped(shape, blockShape, block));
  const order = backend_util.getPermuted(apart.shape.length, blockShape.length);
  const merged = g.reshape(g.transpose(apart, order), backend_util.getReshapedPermuted(shape, blockShape, block));
  return g.pad(
    merged,
    merged.shape.map((_, axis) => {
      const [before, after] = crops[axis - 1] ?? [0, 0];
      return [-before!, -after!] as const;
    }),
  );
}

function depthToSpace(g: Builder, x: Value, { blockSize, dataFormat }: DepthToSpaceAttrs): Value {
  if (dataFormat !== 'NHWC') throw new NoLoweringError(`depthToSpace of ${dataFormat}: tfjs has NHWC alone`);
  const [batch, height, width, depth] = x.shape as [number, number, number, number];
  const channels = depth / blockSize ** 2;
  const apart = g.reshape(x, [batch, height, width, blockSize, blockSize, channels]);
  const blocks = g.transpose(apart, [0, 1, 3, 2, 4, 5]);
  return g.reshape(blocks, [batch, height * blockSize, width * blockSize, channels]);
}

export const movementLowerings: Lowerings = {
  Identity: (_g, { x }) => x!,
  Cast: (g, { x }, attributes) => stored(g, x!, graphType((attributes as unknown as CastAttrs).dtype)),
  Reshape: (g, { x }, attributes) => {
    const { shape } = attributes as unknown as ReshapeAttrs;
    return g.reshape(x!, util.inferFromImplicitShape(shape, x!.size));
  },
  ExpandDims: (g, { input }, attributes) => withAxis(g, input!, (attributes as unknown as ExpandDimsAttrs).dim),
  Transpose: (g, { x }, attributes) => g.transpose(x!, (attributes as unknown as TransposeAttrs).perm),
  Concat: (g, inputs, attributes) => {
    const values = Object.values(inputs);
    const [{ shape, dtype }] = values as [Value];
    const axis = fromFront((attributes as unknown as ConcatAttrs).axis, shape.length);
    return g.concat(
      values.map((value) => stored(g, value, dtype)),
      axis,
    );
  },
  Pack: (g, inputs, attributes) => {
    const { axis } = attributes as unknown as PackAttrs;
    const values = Object.values(inputs).map((value) => withAxis(g, value, axis));
    return g.concat(values, fromFront(axis, values[0]!.shape.length));
  },
  Unpack: (g, { value }, attributes) => {
    const { shape } = value!;
    const axis = fromFront((attributes as unknown as UnpackAttrs).axis, shape.length);
    const rest = shape.toSpliced(axis, 1);
    return Array.from({ length: shape[axis]! }, (_, i) => g.reshape(along(g, value!, axis, i, 1), rest));
  },
  SplitV: (g, { x }, attributes) => {
    const { numOrSizeSplits: splits, axis: given } = attributes as unknown as SplitVAttrs;
    const axis = fromFront(given, x!.shape.length);
    // tfjs writes into the list
    const sizes = typeof splits === 'number' ? splits : [...splits];
    let from = 0;
    return backend_util.prepareSplitSize({ shape: [...x!.shape] } as never, sizes, axis).map((length) => {
      from += length;
      return along(g, x!, axis, from - length, length);
    });
  },
  Slice: (g, { x }, attributes) => {
    const { begin, size } = attributes as unknown as SliceAttrs;
    const [from, lengths] = slice_util.parseSliceParams({ shape: [...x!.shape] } as never, begin, size);
    return g.slice(x!, from!, lengths!);
  },
  StridedSlice: (g, { x }, attributes) => {
    const { begin, end, strides, ...masks } = attributes as unknown as StridedSliceAttrs;
    const { beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = masks;
    const info = slice_util.sliceInfo(
      [...x!.shape],
      begin,
      end,
      strides,
      beginMask,
      endMask,
      ellipsisMask,
      newAxisMask,
      shrinkAxisMask,
    );
    const sliced = info.isIdentity ? x! : strided(g, x!, info.begin, info.end, info.strides);
    return g.reshape(sliced, info.finalShape);
  },
  Reverse: (g, { x }, attributes) => {
    if (x!.shape.length === 0) return x!;
    return reversed(g, x!, util.parseAxisParam((attributes as unknown as ReverseAttrs).dims, [...x!.shape]));
  },
  /** Images are [batch, height, width, channels]. */
  FlipLeftRight: (g, { image }) => g.reverse(image!, 2),
  PadV2: (g, { x }, attributes) => {
    const { paddings, constantValue } = attributes as unknown as PadV2Attrs;
    return g.pad(x!, paddings, constantValue);
  },
  MirrorPad: (g, { x }, attributes) => mirrored(g, x!, attributes as unknown as MirrorPadAttrs),
  Tile: (g, { x }, attributes) => tiled(g, x!, (attributes as unknown as TileAttrs).reps),
  SpaceToBatchND: (g, { x }, attributes) => spaceToBatch(g, x!, attributes as unknown as SpaceToBatchNDAttrs),
  BatchToSpaceND: (g, { x }, attributes) => batchToSpace(g, x!, attributes as unknown as BatchToSpaceNDAttrs),
  DepthToSpace: (g, { x }, attributes) => depthToSpace(g, x!, attributes as unknown as DepthToSpaceAttrs),
};
