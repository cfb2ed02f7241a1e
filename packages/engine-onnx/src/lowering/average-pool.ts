import type { Builder } from '../graph/builder.js';
import { sizeOf } from '../graph/value.js';
import type { Value } from '../graph/value.js';
import { convolveTransposed } from './convolve.js';
import { ofOutputSize, seen, unseen } from './geometry.js';
import type { Geometry } from './geometry.js';
import { channelsFirst, channelsLast } from './layout.js';
import type { Lowering, Lowerings } from './lowering.js';
import { isTiling, pooledShape, poolingGeometry, poolingPads } from './pooling.js';

const averagePool: Lowering = (g, { x }, attributes) => {
  const geometry = poolingGeometry(x!.shape, attributes);
  return channelsLast(g, averaged(g, channelsFirst(g, x!), geometry));
};

const averagePoolGradient: Lowering = (g, { dy, input }, attributes) => {
  const geometry = poolingGeometry(input!.shape, attributes);
  const gradient = ofOutputSize(g, channelsFirst(g, dy!), geometry);
  const share = g.mul(gradient, g.scalar(1 / sizeOf(geometry.kernel)));
  return channelsLast(g, isTiling(geometry) ? repeated(g, share, geometry) : spread(g, share, geometry));
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
  const { kernel, strides } = geometry;
  const pads = poolingPads(geometry);
  const attributes = { kernel_shape: kernel, strides, count_include_pad: 0 };
  const shape = pooledShape(geometry);
  if (pads !== undefined) return g.op('AveragePool', [x], { ...attributes, pads }, shape);
  const none = [...kernel, ...kernel].map(() => 0);
  const averages = g.op('AveragePool', [seen(g, x, geometry, 2)], { ...attributes, pads: none }, shape);
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

function repeated(g: Builder, share: Value, geometry: Geometry): Value {
  const { batch, inChannels, output, kernel } = geometry;
  const apart = g.reshape(share, [batch, inChannels, ...output.flatMap((length) => [length, 1])]);
  const side = g.expand(apart, [batch, inChannels, ...output.flatMap((length, i) => [length, kernel[i]!])]);
  const joined = [batch, inChannels, ...output.map((length, i) => length * kernel[i]!)];
  return unseen(g, g.reshape(side, joined), geometry, 2);
}

function spread(g: Builder, share: Value, geometry: Geometry): Value {
  const { inChannels, kernel } = geometry;
  return convolveTransposed(g, share, g.splat(1, [inChannels, 1, ...kernel]), geometry, inChannels);
}
