import * as tf from '@tensorflow/tfjs-core';

import { broadcastingGradients } from './gradients/broadcasting.js';
import { cumsumGradient } from './gradients/cumsum.js';
import { einsumGradient } from './gradients/einsum.js';
import { multinomialGradient } from './gradients/multinomial.js';
import { resizeGradients } from './gradients/resize.js';
import { tileGradient } from './gradients/tile.js';

/** Gradients in the place of those of tfjs 4.22, which are missing, wrong, or thousands of kernel calls. */
export const gradientOverrides: readonly tf.GradConfig[] = [
  ...broadcastingGradients,
  cumsumGradient,
  einsumGradient,
  multinomialGradient,
  ...resizeGradients,
  tileGradient,
];

/**
 * Runs a synchronous function with the {@link gradientOverrides} in tfjs's registry, and puts back what was there, also if
 * it throws. A gradient is found while the forward pass is recorded, so both passes belong in the function. Every engine
 * uses it: the values of a step must not depend on how it is run.
 */
export function withGradientOverrides<T>(run: () => T): T {
  const originals = gradientOverrides.map((override) => replaced(override));
  try {
    return run();
  } finally {
    for (const [i, { kernelName }] of gradientOverrides.entries()) {
      tf.unregisterGradient(kernelName);
      const original = originals[i];
      if (original !== undefined) tf.registerGradient(original);
    }
  }
}

/** What stood in the place of an override. */
function replaced(override: tf.GradConfig): tf.GradConfig | undefined {
  const original = tf.getGradient(override.kernelName) as tf.GradConfig | undefined;
  // tfjs warns of a gradient that is registered twice
  if (original !== undefined) tf.unregisterGradient(override.kernelName);
  tf.registerGradient(override);
  return original;
}
