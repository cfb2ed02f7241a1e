import type { LRNAttrs } from '@tensorflow/tfjs-core';

import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { mappedAlong } from './along-axis.js';
import { channelsFirst, channelsLast } from './layout.js';
import type { Lowerings } from './lowering.js';

/**
 * Local response normalization, x (bias + alpha s)^-beta with s the sum of squares of the channels nearby: a product with a
 * matrix of a band of ones. Not ONNX's own operator, since the gradient needs the base of the power too, and here the
 * graph has it already.
 */
export const localResponseLowerings: Lowerings = {
  LRN: (g, { x }, attributes) => {
    const options = attributes as unknown as LRNAttrs;
    const inside = channelsFirst(g, x!);
    return channelsLast(g, g.mul(inside, power(g, base(g, inside, options), options)));
  },

  LRNGrad: (g, inputs, attributes) => {
    const options = attributes as unknown as LRNAttrs;
    const x = channelsFirst(g, inputs['x']!);
    const y = channelsFirst(g, inputs['y']!);
    const dy = channelsFirst(g, inputs['dy']!);
    const normalizer = base(g, x, options);
    const own = g.mul(dy, power(g, normalizer, options));
    const throughOthers = nearby(g, g.mul(dy, g.div(y, normalizer)), options);
    const factor = g.scalar(2 * options.alpha * options.beta);
    return channelsLast(g, g.sub(own, g.mul(g.mul(x, factor), throughOthers)));
  },
};

function base(g: Builder, x: Value, options: LRNAttrs): Value {
  return g.add(g.mul(nearby(g, g.mul(x, x), options), g.scalar(options.alpha)), g.scalar(options.bias));
}

function power(g: Builder, normalizer: Value, { beta }: LRNAttrs): Value {
  return g.binary('Pow', normalizer, g.scalar(-beta));
}

/** Sums over the channels nearby of [batch, channels, height, width]. */
function nearby(g: Builder, x: Value, { depthRadius }: LRNAttrs): Value {
  const channels = x.shape[1]!;
  const band = Float32Array.from({ length: channels * channels }, (_, i) =>
    Math.abs(Math.floor(i / channels) - (i % channels)) <= depthRadius ? 1 : 0,
  );
  return mappedAlong(g, x, 1, band, channels);
}
