import * as tf from '@tensorflow/tfjs-core';

import type { Program, ProgramState } from '../contracts/engine.js';

/**
 * The L2 norm of the vector of the tensors' L2 norms.
 *
 * @returns a scalar; 0 without tensors.
 */
export function totalNorm(tensors: readonly tf.Tensor[]): tf.Scalar {
  if (tensors.length === 0) return tf.scalar(0);
  const norms = tensors.map((tensor) => tf.sqrt(tf.sum(tf.square(tensor))));
  return tf.sqrt(tf.sum(tf.square(tf.stack(norms))));
}

/**
 * Rescales all gradients by min(`maxNorm` / (norm + 1e-6), 1) (Pascanu et al., 2013, as torch computes it). A norm that
 * equals the limit is still scaled. The output `gradientNorm` is the norm before.
 *
 * Numbers: `maxNorm`.
 */
export function rescaleProgram(parameters: readonly string[]): Program {
  return {
    name: 'rescale',
    key: JSON.stringify(parameters),
    guards: [],
    run({ numbers }, state) {
      const gradients = gradientsOf(parameters, state);
      const gradientNorm = totalNorm(gradients.map(({ gradient }) => gradient));
      const factor = tf.minimum(tf.div(numbers['maxNorm']!, tf.add(gradientNorm, 1e-6)), 1);
      for (const { name, gradient } of gradients) state.write(`gradients/${name}`, tf.mul(gradient, factor));
      return { gradientNorm };
    },
  };
}

/** The norm of all gradients together as the output `gradientNorm`; they stay as they are. */
export function normProgram(parameters: readonly string[]): Program {
  return {
    name: 'norm',
    key: JSON.stringify(parameters),
    guards: [],
    run: (_, state) => ({ gradientNorm: totalNorm(gradientsOf(parameters, state).map(({ gradient }) => gradient)) }),
  };
}

/** Clamps every element of every gradient to [-`limit`, `limit`]: element-wise clipping once per step, as 2.10 does it. */
export function clampProgram(parameters: readonly string[], limit: number): Program {
  return {
    name: 'clamp',
    key: JSON.stringify([parameters, limit]),
    guards: [],
    run(_, state) {
      for (const { name, gradient } of gradientsOf(parameters, state)) {
        state.write(`gradients/${name}`, clamped(gradient, limit));
      }
      return {};
    },
  };
}

/** Every element clamped to [-`limit`, `limit`]; NaN stays NaN, also with a limit of 0, where `tf.clipByValue` loses it. */
export function clamped(tensor: tf.Tensor, limit: number): tf.Tensor {
  return tf.minimum(tf.maximum(tensor, -limit), limit);
}

/** The gradients that are there, of the parameters of those names. */
export function gradientsOf(
  parameters: readonly string[],
  state: ProgramState,
): { readonly name: string; readonly gradient: tf.Tensor }[] {
  return parameters.flatMap((name) => {
    const gradient = state.read(`gradients/${name}`);
    return gradient === undefined ? [] : [{ name, gradient }];
  });
}
