import type { Builder } from '../graph/builder.js';
import { sizeOf } from '../graph/value.js';
import type { Value } from '../graph/value.js';
import { toMaxima } from './first-maximum.js';
import type { Tie } from './first-maximum.js';
import { ofOutputSize, seen, unseen } from './geometry.js';
import type { Geometry } from './geometry.js';
import { channelsFirst, channelsLast } from './layout.js';
import type { Lowering, Lowerings } from './lowering.js';
import { isTiling, pooledShape, poolingGeometry, poolingPads } from './pooling.js';

/** Which of several equal forms the gradient of max pooling takes. */
export interface MaxPoolChoices {
  /** Of windows that lie side by side without the indices of the maxima (see {@link toMaxima}). */
  readonly maximaWithoutIndices: boolean;
}

export const fastestMaxPool: MaxPoolChoices = { maximaWithoutIndices: true };

/**
 * Max pooling of images and volumes. Of equal maxima the first gets the gradient, in volumes the last: so does tfjs.
 * (Its own gradient in volumes is wrong where windows are not as high as wide.)
 */
export function maxPoolLowerings(choices: MaxPoolChoices = fastestMaxPool): Lowerings {
  return {
    MaxPool: maxPool,
    MaxPool3D: maxPool,
    MaxPoolGrad: maxPoolGradient(choices, 'first'),
    MaxPool3DGrad: maxPoolGradient(choices, 'last'),
  };
}

const maxPool: Lowering = (g, { x }, attributes) => {
  const geometry = poolingGeometry(x!.shape, attributes);
  // ONNX Runtime pools no whole numbers
  const [y] = pooled(g, g.cast(channelsFirst(g, x!), 'float32'), geometry);
  return g.cast(channelsLast(g, y), x!.dtype);
};

function maxPoolGradient({ maximaWithoutIndices }: MaxPoolChoices, tie: Tie): Lowering {
  return (g, { dy, input }, attributes) => {
    const geometry = poolingGeometry(input!.shape, attributes);
    const x = g.cast(channelsFirst(g, input!), 'float32');
    const gradient = ofOutputSize(g, channelsFirst(g, dy!), geometry);
    const form = maximaWithoutIndices && isTiling(geometry) ? tilingGradient : indexedGradient;
    return channelsLast(g, form(g, x, gradient, geometry, tie));
  };
}

/** Maxima, and where each stands among all elements of what the windows see. */
function pooled(g: Builder, x: Value, geometry: Geometry): [maxima: Value, indices: Value, source: Value] {
  const { kernel, strides } = geometry;
  const pads = poolingPads(geometry);
  const source = pads === undefined ? seen(g, x, geometry, 2, -Infinity) : x;
  const attributes = { kernel_shape: kernel, strides, pads: pads ?? [...kernel, ...kernel].map(() => 0) };
  const shape = pooledShape(geometry);
  const types = [
    { shape, dtype: 'float32' },
    { shape, dtype: 'int64' },
  ] as const;
  const [maxima, indices] = g.node('MaxPool', [source], attributes, types) as [Value, Value];
  return [maxima, indices, source];
}

function tilingGradient(g: Builder, x: Value, dy: Value, geometry: Geometry, tie: Tie): Value {
  const source = seen(g, x, geometry, 2, -Infinity);
  return unseen(g, toMaxima(g, source, dy, geometry.kernel, tie), geometry, 2);
}

function indexedGradient(g: Builder, x: Value, dy: Value, geometry: Geometry, tie: Tie): Value {
  if (tie === 'last') {
    const turned = indexedGradient(g, turnedAround(g, x), turnedAround(g, dy), turnedGeometry(geometry), 'first');
    return turnedAround(g, turned);
  }
  const [, indices, source] = pooled(g, x, geometry);
  const zeros = g.splat(0, [source.size]);
  const flat = [zeros, g.reshape(indices, [indices.size]), g.reshape(dy, [dy.size])];
  const scattered = g.op('ScatterElements', flat, { axis: 0, reduction: 'add' }, zeros.shape);
  const gradient = g.reshape(scattered, source.shape);
  return source === x ? gradient : unseen(g, gradient, geometry, 2);
}

/** All spatial axes reversed. */
function turnedAround(g: Builder, x: Value): Value {
  const [batch, channels, ...spatial] = x.shape as [number, number, ...number[]];
  return g.reshape(g.reverse(g.reshape(x, [batch * channels, sizeOf(spatial)]), 1), x.shape);
}

function turnedGeometry(geometry: Geometry): Geometry {
  return { ...geometry, before: geometry.after, after: geometry.before };
}
