import type { FusedBatchNormAttrs } from '@tensorflow/tfjs-core';

import type { Lowerings } from './lowering.js';

/** Batch normalization by given moments, which may be those of the batch: two passes over x, the rest is per channel. */
export const batchNormLowerings: Lowerings = {
  FusedBatchNorm: (g, { x, mean, variance, scale, offset }, attributes) => {
    const { varianceEpsilon } = attributes as unknown as FusedBatchNormAttrs;
    const deviation = g.unary('Sqrt', g.add(variance!, g.scalar(varianceEpsilon ?? 0.001)));
    const factor = g.div(scale ?? g.scalar(1), deviation);
    const normalized = g.mul(g.sub(x!, mean!), factor);
    return offset === undefined ? normalized : g.add(normalized, offset);
  },
};
