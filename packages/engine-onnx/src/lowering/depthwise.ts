import { backend_util } from '@tensorflow/tfjs-core';
import type {
  DepthwiseConv2dNativeAttrs,
  DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInputAttrs,
  FusedDepthwiseConv2DAttrs,
} from '@tensorflow/tfjs-core';

import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { activated } from './activation.js';
import { convolve, convolveTransposed } from './convolve.js';
import { atPlace, geometry2D, ofOutputSize, placesIn, seen } from './geometry.js';
import type { Geometry } from './geometry.js';
import { channelsFirst, channelsLast } from './layout.js';
import type { KernelAttributes, Lowerings } from './lowering.js';

/** Convolutions of each channel by filters of its own, [height, width, channels, filters a channel]. */
export const depthwiseLowerings: Lowerings = {
  DepthwiseConv2dNative: (g, { x, filter }, attributes) => depthwise(g, x!, filter!, attributes),

  DepthwiseConv2dNativeBackpropInput: (g, { dy, filter }, attributes) => {
    const { inputShape } = attributes as unknown as DepthwiseConv2dNativeBackpropInputAttrs;
    const geometry = geometryOf(inputShape, filter!.shape, attributes);
    const gradient = ofOutputSize(g, channelsFirst(g, dy!), geometry);
    const weights = groupedFilter(g, filter!);
    return channelsLast(g, convolveTransposed(g, gradient, weights, geometry, geometry.inChannels));
  },

  DepthwiseConv2dNativeBackpropFilter: (g, { x, dy }, attributes) => {
    const { filterShape } = attributes as unknown as DepthwiseConv2dNativeBackpropFilterAttrs;
    const geometry = geometryOf(x!.shape, filterShape, attributes);
    const gradient = ofOutputSize(g, channelsFirst(g, dy!), geometry);
    return depthwiseFilterGradient(g, channelsFirst(g, x!), gradient, geometry);
  },

  FusedDepthwiseConv2D: (g, { x, filter, bias, preluActivationWeights }, attributes) => {
    const { activation, leakyreluAlpha } = attributes as unknown as FusedDepthwiseConv2DAttrs;
    const options = { preluWeights: preluActivationWeights, leakyreluAlpha };
    return activated(g, depthwise(g, x!, filter!, attributes, bias), activation, options);
  },
};

function depthwise(g: Builder, x: Value, filter: Value, attributes: KernelAttributes, bias?: Value): Value {
  const geometry = geometryOf(x.shape, filter.shape, attributes);
  const operatorBias = bias?.shape.length === 1 && bias.size === geometry.outChannels ? bias : undefined;
  const options = { group: geometry.inChannels, bias: operatorBias };
  const y = channelsLast(g, convolve(g, channelsFirst(g, x), groupedFilter(g, filter), geometry, options));
  return bias === operatorBias ? y : g.add(y, bias!);
}

/** ONNX's filter of groups of one channel: [channels * filters, 1, height, width]. */
function groupedFilter(g: Builder, filter: Value): Value {
  const [height, width, channels, filters] = filter.shape as [number, number, number, number];
  return g.reshape(g.transpose(filter, [2, 3, 0, 1]), [channels * filters, 1, height, width]);
}

/** For each place in the window the sum, over all windows, of what stands there times dy. */
function depthwiseFilterGradient(g: Builder, x: Value, dy: Value, geometry: Geometry): Value {
  const { batch, inChannels, outChannels, kernel, output } = geometry;
  const filters = outChannels / inChannels;
  const source = seen(g, x, geometry, 2);
  const gradient = g.reshape(dy, [batch, inChannels, filters, ...output]);
  const sums = placesIn(kernel).map((place) => {
    const cut = g.reshape(atPlace(g, source, geometry, place, 2), [batch, inChannels, 1, ...output]);
    return g.reshape(g.sum(g.mul(cut, gradient), [0, 3, 4], false), [1, inChannels, filters]);
  });
  return g.reshape(g.concat(sums, 0), [...kernel, inChannels, filters]);
}

type Shape4D = [number, number, number, number];

function geometryOf(x: readonly number[], filter: readonly number[], attributes: KernelAttributes): Geometry {
  const { strides, pad, dilations, dimRoundingMode } = attributes as unknown as DepthwiseConv2dNativeAttrs;
  return geometry2D(
    backend_util.computeConv2DInfo(
      x as Shape4D,
      filter as Shape4D,
      strides,
      dilations ?? 1,
      pad,
      dimRoundingMode,
      true,
    ),
  );
}
