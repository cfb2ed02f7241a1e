import type { Builder } from '../graph/builder.js';
import { sizeOf } from '../graph/value.js';
import type { Value } from '../graph/value.js';
import { mappedAlong } from './along-axis.js';
import { adjointGeometry, ofOutputSize, seen, unseen } from './geometry.js';
import type { Geometry } from './geometry.js';
import { channelsFirst, channelsLast } from './layout.js';
import type { Lowering, Lowerings } from './lowering.js';
import { pooled, poolingGeometry, poolingPads } from './pooling.js';

const averagePool: Lowering = (g, { x }, attributes) => {
  const geometry = poolingGeometry(x!.shape, attributes);
  return channelsLast(g, averaged(g, channelsFirst(g, x!), geometry));
};

/**
 * The share of every window in its elements. Three forms, of which the general one, a product along each axis, took 0.54
 * instead of the 1.0 ms of ConvTranspose on one core (64 channels on 16x16, 3x3 with stride 2, batch 32).
 */
const averagePoolGradient: Lowering = (g, { dy, input }, attributes) => {
  const geometry = poolingGeometry(input!.shape, attributes);
  const gradient = ofOutputSize(g, dy!, geometry, 1);
  if (sizeOf(geometry.output) === 1) return spreadOverAll(g, shareOf(g, gradient, geometry), geometry);
  return channelsLast(g, spread(g, channelsFirst(g, gradient), geometry));
};

/**
 * Average pooling of images and volumes. An average counts the elements of the input alone, its gradient the whole
 * window, also where that stands over the edge: so does tfjs, whose gradient is too small at padded edges.
 */
export const averagePoolLowerings: Lowerings = {
  AvgPool: averagePool,
  AvgPool3D: averagePool,
  AvgPoolGrad: averagePoolGradient,
  AvgPool3DGrad: averagePoolGradient,
};

function averaged(g: Builder, x: Value, geometry: Geometry): Value {
  if (poolingPads(geometry) !== undefined) return pooled(g, 'AveragePool', x, geometry, { count_include_pad: 0 });
  const averages = pooled(g, 'AveragePool', seen(g, x, geometry, 2), geometry);
  return g.mul(averages, windowsOverCounts(g, geometry));
}

/** For each window its size over the number of elements of the input that it covers. */
function windowsOverCounts(g: Builder, { input, output, kernel, strides, before }: Geometry): Value {
  return output
    .map((length, axis) => {
      const ratios = Float32Array.from({ length }, (_, i) => {
        const begin = i * strides[axis]! - before[axis]!;
        const covered = Math.min(begin + kernel[axis]!, input[axis]!) - Math.max(begin, 0);
        return kernel[axis]! / Math.max(covered, 1);
      });
      const shape = output.map((_, other) => (other === axis ? length : 1));
      return g.constant(ratios, shape, 'float32');
    })
    .reduce((a, b) => g.mul(a, b));
}

function shareOf(g: Builder, dy: Value, { kernel }: Geometry): Value {
  return g.mul(dy, g.scalar(1 / sizeOf(kernel)));
}

/** Of one window, channels last. */
function spreadOverAll(g: Builder, share: Value, geometry: Geometry): Value {
  const { batch, kernel, inChannels } = geometry;
  return unseen(g, g.expand(share, [batch, ...kernel, inChannels]), geometry, 1);
}

/** Channels first. */
function spread(g: Builder, dy: Value, geometry: Geometry): Value {
  const adjoint = adjointGeometry(geometry);
  if (geometry.strides.every((stride) => stride === 1) && poolingPads(adjoint) !== undefined) {
    return pooled(g, 'AveragePool', dy, adjoint, { count_include_pad: 1 });
  }
  const { input } = geometry;
  const along = (x: Value, to: number, i: number): Value => mappedAlong(g, x, i + 2, coverage(geometry, i), to);
  return input.reduce(along, shareOf(g, dy, geometry));
}

/** 1 where an element, the row, is in a window, the column. */
function coverage({ input, output, kernel, strides, before }: Geometry, axis: number): Float32Array {
  const windows = output[axis]!;
  return Float32Array.from({ length: input[axis]! * windows }, (_, i) => {
    const place = Math.floor(i / windows) - (i % windows) * strides[axis]! + before[axis]!;
    return place >= 0 && place < kernel[axis]! ? 1 : 0;
  });
}
