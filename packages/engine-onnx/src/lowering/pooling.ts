import { backend_util } from '@tensorflow/tfjs-core';
import type { MaxPool3DAttrs, MaxPoolAttrs } from '@tensorflow/tfjs-core';

import { sizeOf } from '../graph/value.js';
import { geometry2D, geometry3D, operatorPads } from './geometry.js';
import type { Geometry } from './geometry.js';
import type { KernelAttributes } from './lowering.js';

/** How the windows of a pooling kernel slide over x, [batch, ...spatial, channels]. */
export function poolingGeometry(x: readonly number[], attributes: KernelAttributes): Geometry {
  if (x.length === 5) {
    const { filterSize, strides, pad, dimRoundingMode } = attributes as unknown as MaxPool3DAttrs;
    const shape = x as [number, number, number, number, number];
    return geometry3D(backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode));
  }
  const { filterSize, strides, pad, dimRoundingMode } = attributes as unknown as MaxPoolAttrs;
  const shape = x as [number, number, number, number];
  return geometry2D(backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode));
}

/** Padding as ONNX's pooling takes it: less than a window. None where it does not. */
export function poolingPads(geometry: Geometry): number[] | undefined {
  const { kernel } = geometry;
  const pads = operatorPads(geometry);
  return pads?.every((pad, i) => pad < kernel[i % kernel.length]!) === true ? pads : undefined;
}

/** The shape of the result, channels first. */
export function pooledShape({ batch, inChannels, output }: Geometry): number[] {
  return [batch, inChannels, ...output];
}

/** Whether every element is in one window at most, and windows touch one another. */
export function isTiling({ kernel, strides }: Geometry): boolean {
  return sizeOf(kernel) > 1 && kernel.every((length, i) => length === strides[i]);
}
