import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { Initializer } from '../../contracts/initializer.js';
import type { RandomStream } from '../../random/streams.js';
import { sizeOf } from './layout.js';

/** A float32 tensor of independent uniform numbers in [`low`, `high`). */
export function uniform(shape: readonly number[], random: RandomStream, low = 0, high = 1): tf.Tensor {
  const values = random.uniforms(sizeOf(shape)).map((value) => low + (high - low) * value);
  return tf.tensor(values, [...shape]);
}

export const UniformOptions = z
  .strictObject({
    a: z.number().default(0).describe('Lower bound'),
    b: z.number().default(1).describe('Upper bound'),
  })
  .refine(({ a, b }) => a <= b, { path: ['b'], error: 'must not be below the lower bound, a' });

/** Uniform numbers in [`a`, `b`). */
@Initializer.register('uniform', UniformOptions)
export class UniformInitializer extends Initializer {
  constructor(private readonly options: z.output<typeof UniformOptions>) {
    super();
  }

  override create(shape: readonly number[], random: RandomStream): tf.Tensor {
    return uniform(shape, random, this.options.a, this.options.b);
  }
}
