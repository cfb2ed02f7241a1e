import type { backend_util } from '@tensorflow/tfjs-core';

import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';

/**
 * How windows slide over an input: a convolution or pooling, the lists with one entry a spatial axis. `before` and
 * `after` are what the windows need beyond the input, no more and no less: below 0 where they do not reach all of it, so
 * that always `before + input + after = (output - 1) * stride + (kernel - 1) * dilation + 1`.
 *
 * That equation takes in tfjs's rounding modes, its padding below 0 in 3D, and that it computes both sizes of an output
 * by the height of the window where padding is a number.
 */
export interface Geometry {
  readonly batch: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export function geometry2D(info: backend_util.Conv2DInfo): Geometry {
  return geometry(info, {
    input: [info.inHeight, info.inWidth],
    output: [info.outHeight, info.outWidth],
    kernel: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    before: [info.padInfo.top, info.padInfo.left],
  });
}

export function geometry3D(info: backend_util.Conv3DInfo): Geometry {
  return geometry(info, {
    input: [info.inDepth, info.inHeight, info.inWidth],
    output: [info.outDepth, info.outHeight, info.outWidth],
    kernel: [info.filterDepth, info.filterHeight, info.filterWidth],
    strides: [info.strideDepth, info.strideHeight, info.strideWidth],
    dilations: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    before: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
  });
}

type Sizes = Pick<Geometry, 'batch' | 'inChannels' | 'outChannels'>;

function geometry(
  { batchSize, inChannels, outChannels }: backend_util.Conv2DInfo | backend_util.Conv3DInfo,
  axes: Omit<Geometry, 'after' | keyof Sizes>,
): Geometry {
  const after = axes.input.map((input, i) => reach(axes, i) - input - axes.before[i]!);
  return { batch: batchSize, inChannels, outChannels, ...axes, after };
}

/** From the beginning of the first window to the end of the last. */
function reach({ output, strides, kernel, dilations }: Omit<Geometry, 'after' | keyof Sizes>, axis: number): number {
  return (output[axis]! - 1) * strides[axis]! + (kernel[axis]! - 1) * dilations[axis]! + 1;
}

/**
 * Padding as ONNX's operators take it. None if they cannot: they skip nothing before the first window, and less than a
 * stride after the last.
 */
export function operatorPads({ before, after, strides }: Geometry): number[] | undefined {
  if (before.some((pad) => pad < 0) || after.some((pad, i) => pad <= -strides[i]!)) return undefined;
  return [...before, ...after.map((pad) => Math.max(0, pad))];
}

/** What the windows see of x, whose spatial axes begin at `axis`. */
export function seen(g: Builder, x: Value, { before, after }: Geometry, axis: number, value = 0): Value {
  const paddings = x.shape.map((_, i): [number, number] => [before[i - axis] ?? 0, after[i - axis] ?? 0]);
  return g.pad(x, paddings, value);
}

/** The other way: from what the windows see to x, with zeros where they did not look. */
export function unseen(g: Builder, x: Value, { before, after }: Geometry, axis: number): Value {
  const paddings = x.shape.map((_, i): [number, number] => [0 - (before[i - axis] ?? 0), 0 - (after[i - axis] ?? 0)]);
  return g.pad(x, paddings);
}

/** All places in a window, in row-major order. */
export function placesIn(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>(
    (places, length) => places.flatMap((place) => Array.from({ length }, (_, i) => [...place, i])),
    [[]],
  );
}

/** What is at one place of every window, of a value from {@link seen}: the spatial axes become those of the output. */
export function atPlace(g: Builder, x: Value, geometry: Geometry, place: readonly number[], axis: number): Value {
  const { output, strides, dilations } = geometry;
  const [begin, end, steps] = [x.shape.map(() => 0), [...x.shape], x.shape.map(() => 1)];
  for (const [i, index] of place.entries()) {
    begin[axis + i] = index * dilations[i]!;
    end[axis + i] = index * dilations[i]! + (output[i]! - 1) * strides[i]! + 1;
    steps[axis + i] = strides[i]!;
  }
  return g.stridedSlice(x, begin, end, steps);
}

/**
 * A gradient, whose spatial axes begin at `axis`, as large as the output. tfjs forgets the rounding mode in gradients of pooling and convolution, so that the
 * gradient that arrives may have a row more, which tfjs leaves out.
 */
export function ofOutputSize(g: Builder, dy: Value, { output }: Geometry, axis: number): Value {
  const size = dy.shape.map((length, i) => output[i - axis] ?? length);
  return g.slice(
    dy,
    size.map(() => 0),
    size,
  );
}

/** How windows of the same size slide over the gradient of the output to give that of the input, where the stride is 1. */
export function adjointGeometry(geometry: Geometry): Geometry {
  const { kernel, dilations, before, after } = geometry;
  const rest = (pad: number, i: number): number => (kernel[i]! - 1) * dilations[i]! - pad;
  return {
    ...geometry,
    inChannels: geometry.outChannels,
    outChannels: geometry.inChannels,
    input: geometry.output,
    output: geometry.input,
    before: before.map(rest),
    after: after.map(rest),
  };
}
