import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { Initializer } from '../../contracts/initializer.js';
import type { RandomStream } from '../../random/streams.js';
import { sizeOf } from './layout.js';

/** A float32 tensor of independent normal numbers. */
export function normal(shape: readonly number[], random: RandomStream, mean = 0, standardDeviation = 0.1): tf.Tensor {
  const values = random.normals(sizeOf(shape)).map((value) => mean + standardDeviation * value);
  return tf.tensor(values, [...shape]);
}

export const NormalOptions = z.strictObject({
  mean: z.number().default(0).describe('Mean'),
  std: z.number().nonnegative().default(0.1).describe('Standard deviation'),
});

/** Normal numbers with `mean` and `std`. */
@Initializer.register('normal', NormalOptions)
export class NormalInitializer extends Initializer {
  constructor(private readonly options: z.output<typeof NormalOptions>) {
    super();
  }

  override create(shape: readonly number[], random: RandomStream): tf.Tensor {
    return normal(shape, random, this.options.mean, this.options.std);
  }
}
