import { backend_util } from '@tensorflow/tfjs-core';
import type { Conv3DAttrs, Conv3DBackpropFilterV2Attrs, Conv3DBackpropInputV2Attrs } from '@tensorflow/tfjs-core';

import { fastestConvolutions, filterGradientLayout } from './convolution-choices.js';
import type { ConvolutionChoices } from './convolution-choices.js';
import { convolve } from './convolve.js';
import { filterGradient } from './filter-gradient.js';
import { geometry3D } from './geometry.js';
import type { Geometry } from './geometry.js';
import { inputGradient } from './input-gradient.js';
import { channelsFirst, channelsLast, filterChannelsFirst } from './layout.js';
import type { KernelAttributes, Lowerings } from './lowering.js';

/** Three-dimensional convolution, channels last as tfjs has it, and its gradients. */
export function convolution3DLowerings(choices: ConvolutionChoices = fastestConvolutions): Lowerings {
  return {
    Conv3D: (g, { x, filter }, attributes) => {
      const geometry = geometryOf(x!.shape, filter!.shape, attributes);
      return channelsLast(g, convolve(g, channelsFirst(g, x!), filterChannelsFirst(g, filter!), geometry));
    },

    Conv3DBackpropInputV2: (g, { dy, filter }, attributes) => {
      const { inputShape } = attributes as unknown as Conv3DBackpropInputV2Attrs;
      const geometry = geometryOf(inputShape, filter!.shape, attributes);
      return channelsLast(g, inputGradient(g, channelsFirst(g, dy!), filter!, geometry, choices));
    },

    Conv3DBackpropFilterV2: (g, { x, dy }, attributes) => {
      const { filterShape } = attributes as unknown as Conv3DBackpropFilterV2Attrs;
      const geometry = geometryOf(x!.shape, filterShape, attributes);
      const layout = filterGradientLayout(geometry, choices);
      return filterGradient(g, channelsFirst(g, x!), channelsFirst(g, dy!), geometry, layout);
    },
  };
}

type Shape5D = [number, number, number, number, number];

function geometryOf(x: readonly number[], filter: readonly number[], attributes: KernelAttributes): Geometry {
  const { strides, pad, dilations } = attributes as unknown as Conv3DAttrs;
  return geometry3D(backend_util.computeConv3DInfo(x as Shape5D, filter as Shape5D, strides, dilations ?? 1, pad));
}
