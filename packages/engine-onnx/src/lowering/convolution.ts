import { backend_util } from '@tensorflow/tfjs-core';
import type {
  Conv2DAttrs,
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  FusedConv2DAttrs,
} from '@tensorflow/tfjs-core';

import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { activated } from './activation.js';
import { fastestConvolutions, filterGradientLayout } from './convolution-choices.js';
import type { ConvolutionChoices } from './convolution-choices.js';
import { convolve } from './convolve.js';
import { filterGradient } from './filter-gradient.js';
import { geometry2D, ofOutputSize } from './geometry.js';
import type { Geometry } from './geometry.js';
import { inputGradient } from './input-gradient.js';
import { channelsFirst, channelsLast, filterChannelsFirst } from './layout.js';
import type { KernelAttributes, Lowerings } from './lowering.js';

/**
 * Two-dimensional convolution and its gradients. The operators want channels first; values are transposed on the way in
 * and out, and between layers the graph takes the transpositions away again (a step of a small net: 7.7 ms with them,
 * 5.7 without).
 */
export function convolutionLowerings(choices: ConvolutionChoices = fastestConvolutions): Lowerings {
  return {
    Conv2D: (g, { x, filter }, attributes) => convolution(g, x!, filter!, attributes),

    Conv2DBackpropInput: (g, { dy, filter }, attributes) => {
      const { inputShape, dataFormat } = attributes as unknown as Conv2DBackpropInputAttrs;
      const geometry = geometryOf(inputShape, filter!.shape, attributes);
      const gradient = ofOutputSize(g, inside(g, dy!, dataFormat), geometry, 2);
      return outside(g, inputGradient(g, gradient, filter!, geometry, choices), dataFormat);
    },

    Conv2DBackpropFilter: (g, { x, dy }, attributes) => {
      const { filterShape, dataFormat } = attributes as unknown as Conv2DBackpropFilterAttrs;
      const geometry = geometryOf(x!.shape, filterShape, attributes);
      const gradient = ofOutputSize(g, inside(g, dy!, dataFormat), geometry, 2);
      return filterGradient(g, inside(g, x!, dataFormat), gradient, geometry, filterGradientLayout(geometry, choices));
    },

    FusedConv2D: (g, { x, filter, bias, preluActivationWeights }, attributes) => {
      const { dataFormat, activation, leakyreluAlpha } = attributes as unknown as FusedConv2DAttrs;
      return activated(g, convolution(g, x!, filter!, attributes, bias), activation, {
        preluWeights: preluActivationWeights && alongChannels(g, preluActivationWeights, dataFormat),
        leakyreluAlpha,
      });
    },
  };
}

function convolution(g: Builder, x: Value, filter: Value, attributes: KernelAttributes, bias?: Value): Value {
  const { dataFormat } = attributes as unknown as Conv2DAttrs;
  const geometry = geometryOf(x.shape, filter.shape, attributes);
  const operatorBias = bias?.shape.length === 1 && bias.size === geometry.outChannels ? bias : undefined;
  const options = { bias: operatorBias };
  const y = convolve(g, inside(g, x, dataFormat), filterChannelsFirst(g, filter), geometry, options);
  const result = outside(g, y, dataFormat);
  return bias === operatorBias ? result : g.add(result, alongChannels(g, bias!, dataFormat));
}

function geometryOf(x: readonly number[], filter: readonly number[], attributes: KernelAttributes): Geometry {
  const { strides, pad, dilations, dataFormat, dimRoundingMode } = attributes as unknown as Conv2DAttrs;
  const info = backend_util.computeConv2DInfo(
    x as [number, number, number, number],
    filter as [number, number, number, number],
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    false,
    backend_util.convertConv2DDataFormat(dataFormat ?? 'NHWC'),
  );
  return geometry2D(info);
}

function inside(g: Builder, x: Value, dataFormat: Conv2DAttrs['dataFormat']): Value {
  return dataFormat === 'NCHW' ? x : channelsFirst(g, x);
}

function outside(g: Builder, y: Value, dataFormat: Conv2DAttrs['dataFormat']): Value {
  return dataFormat === 'NCHW' ? y : channelsLast(g, y);
}

/** One number a channel, as it broadcasts to values of the format. */
function alongChannels(g: Builder, value: Value, dataFormat: Conv2DAttrs['dataFormat']): Value {
  const perChannel = dataFormat === 'NCHW' && value.shape.length === 1 && value.size !== 1;
  return perChannel ? g.reshape(value, [value.size, 1, 1]) : value;
}
