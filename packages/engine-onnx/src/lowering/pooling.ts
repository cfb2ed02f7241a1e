import { backend_util } from '@tensorflow/tfjs-core';
import type { MaxPool3DAttrs, MaxPoolAttrs } from '@tensorflow/tfjs-core';

import type { Builder } from '../graph/builder.js';
import type { Attributes, Value } from '../graph/value.js';
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

/**
 * An operator of pooling, channels first.
 *
 * @param x the input, or what the windows see of it where {@link poolingPads} has no padding.
 */
export function pooled(g: Builder, op: string, x: Value, geometry: Geometry, attributes: Attributes = {}): Value {
  const { batch, inChannels, kernel, strides, output } = geometry;
  const pads = poolingPads(geometry) ?? [...kernel, ...kernel].map(() => 0);
  const window = { kernel_shape: kernel, strides, pads };
  return g.op(op, [x], { ...window, ...attributes }, [batch, inChannels, ...output]);
}
