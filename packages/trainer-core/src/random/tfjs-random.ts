import * as tf from '@tensorflow/tfjs-core';

import { log } from '../log.js';
import { multinomial, normal, truncatedNormal, uniform, wholeUniform } from './distributions.js';
import type { StepRandom } from './step-random.js';
import { interceptDraws } from './tfjs-draws.js';
import type { AffineDraw } from './tfjs-draws.js';
import { recognition } from './tfjs-parameters.js';
import type { Line } from './tfjs-parameters.js';

type Make = (random: StepRandom, shape: readonly number[], dtype: tf.DataType, line: Line) => tf.Tensor;

const DISTRIBUTIONS: Readonly<Record<AffineDraw, Make>> = {
  randomUniform: (random, shape, dtype, { shift, end }) =>
    dtype === 'float32' ? uniform(random, shape, shift, end) : tf.cast(wholeUniform(random, shape, shift, end), dtype),
  randomNormal: (random, shape, dtype, { shift, scale }) => rounded(normal(random, shape, shift, scale), dtype),
  truncatedNormal: (random, shape, dtype, { shift, scale }) =>
    rounded(truncatedNormal(random, shape, shift, scale), dtype),
};

function rounded(x: tf.Tensor, dtype: tf.DataType): tf.Tensor {
  return dtype === 'float32' ? x : tf.cast(tf.round(x), dtype);
}

let warned = false;

/**
 * Runs something synchronous in which tfjs's own random operations, and everything that calls `Math.random`, draw from
 * a step's generator. Operations that were given a seed keep tfjs's numbers.
 *
 * - `randomUniform`, `randomNormal`, `truncatedNormal`, `multinomial` and what is made of them (`dropout`, layers)
 *   become tensors of the step, one site each, made by operations that every engine has.
 * - What else calls `Math.random` (`randomGamma`, `rand`, your own code) gets host numbers of the step; an engine that
 *   cannot have those says so ({@link StepRandom.unrecognised}).
 */
export function drawTfjsFrom<R>(random: StepRandom, run: () => R): R {
  let restoreKernel: (() => void) | undefined;
  const isKnown = (): boolean => {
    const known = recognition();
    if (typeof known === 'function') return true;
    if (random.unrecognised !== undefined) throw known;
    if (!warned) log.warn(`${known.message}; left as they are, they repeat on the eager engine only`);
    warned = true;
    return false;
  };
  try {
    return interceptDraws(
      {
        takes: isKnown,
        number(operation) {
          if (operation === 'multinomial') {
            const seed = random.number();
            restoreKernel?.();
            restoreKernel = replaceMultinomial(random, seed);
            return seed;
          }
          random.unrecognised?.(operation === undefined ? 'Math.random()' : `tf.${operation}`);
          return random.number();
        },
        tensor(operation, numbers, shape, dtype) {
          const known = recognition();
          if (typeof known !== 'function') throw known;
          return DISTRIBUTIONS[operation](random, shape, dtype, known(operation, numbers));
        },
      },
      run,
    );
  } finally {
    restoreKernel?.();
  }
}

/**
 * Has the kernel `Multinomial` of the current backend draw from the step, for the call with this seed.
 *
 * @returns what puts the backend's own kernel back.
 */
function replaceMultinomial(random: StepRandom, seed: number): () => void {
  const backendName = tf.getBackend();
  const own = tf.getKernel('Multinomial', backendName);
  const original = own?.kernelFunc;
  const kernelFunc: tf.KernelFunc = (call) => {
    const { logits } = call.inputs as unknown as { readonly logits: tf.Tensor };
    const attributes = call.attrs as unknown as tf.MultinomialAttrs;
    if (attributes.seed !== seed && original !== undefined) return original(call);
    return multinomial(random, logits, attributes.numSamples, attributes.normalized);
  };
  if (own === undefined || original === undefined) {
    tf.registerKernel({ kernelName: 'Multinomial', backendName, kernelFunc });
    return () => tf.unregisterKernel('Multinomial', backendName);
  }
  own.kernelFunc = kernelFunc;
  return () => {
    own.kernelFunc = original;
  };
}
