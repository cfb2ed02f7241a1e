import { ofOutputSize, seen, unseen } from './geometry.js';
import { channelsFirst, channelsLast, settled } from './layout.js';
import type { Lowering, Lowerings } from './lowering.js';
import { pooled, poolingGeometry, poolingPads } from './pooling.js';
import { toMaxima } from './to-maxima.js';
import type { Tie } from './to-maxima.js';

const maxPool: Lowering = (g, { x }, attributes) => {
  const geometry = poolingGeometry(x!.shape, attributes);
  // ONNX Runtime pools no whole numbers
  const input = g.cast(channelsFirst(g, x!), 'float32');
  const source = poolingPads(geometry) === undefined ? seen(g, input, geometry, 2, -Infinity) : input;
  return g.cast(channelsLast(g, pooled(g, 'MaxPool', source, geometry)), x!.dtype);
};

const maxPoolGradient =
  (tie: Tie): Lowering =>
  (g, { dy, input }, attributes) => {
    const geometry = poolingGeometry(input!.shape, attributes);
    const x = seen(g, g.cast(input!, 'float32'), geometry, 1, -Infinity);
    const gradient = unseen(g, toMaxima(g, x, ofOutputSize(g, dy!, geometry, 1), geometry, tie), geometry, 1);
    return channelsLast(g, settled(g, channelsFirst(g, gradient)));
  };

/**
 * Max pooling of images and volumes. Of equal maxima the first gets the gradient, in volumes the last: so does tfjs.
 * (Its own gradient in volumes is wrong where windows are not as high as wide.)
 */
export const maxPoolLowerings: Lowerings = {
  MaxPool: maxPool,
  MaxPool3D: maxPool,
  MaxPoolGrad: maxPoolGradient('first'),
  MaxPool3DGrad: maxPoolGradient('last'),
};
