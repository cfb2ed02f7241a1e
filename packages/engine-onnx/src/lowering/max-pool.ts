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

/**
 * Channels stay first where windows do not overlap, so that nothing is transposed (a step of a convolutional network on two
 * threads took 7.1 ms instead of 7.6, on one the same): ONNX Runtime's threads write to the same lines of the cache where
 * they put few channels last. Else channels go last, so that every slice is long.
 */
const maxPoolGradient =
  (tie: Tie): Lowering =>
  (g, { dy, input }, attributes) => {
    const geometry = poolingGeometry(input!.shape, attributes);
    const [x, arriving] = [g.cast(input!, 'float32'), ofOutputSize(g, dy!, geometry, 1)];
    if (geometry.kernel.every((length, i) => length === geometry.strides[i])) {
      const source = seen(g, channelsFirst(g, x), geometry, 2, -Infinity);
      const gradient = toMaxima(g, source, channelsFirst(g, arriving), geometry, 2, tie);
      return channelsLast(g, unseen(g, gradient, geometry, 2));
    }
    const gradient = toMaxima(g, seen(g, x, geometry, 1, -Infinity), arriving, geometry, 1, tie);
    return channelsLast(g, settled(g, channelsFirst(g, unseen(g, gradient, geometry, 1))));
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
