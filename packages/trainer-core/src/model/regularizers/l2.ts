import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { Regularizer } from '../../contracts/regularizer.js';

export const L2Options = z.strictObject({ alpha: z.number().default(0.01).describe('Factor on the penalty') });

/** `alpha * sum(p^2)`, without a factor 1/2. */
@Regularizer.register('l2', L2Options)
export class L2Regularizer extends Regularizer {
  constructor(private readonly options: z.output<typeof L2Options>) {
    super();
  }

  override penalty(parameter: tf.Tensor): tf.Scalar {
    return tf.mul(this.options.alpha, tf.sum(tf.square(parameter)));
  }
}
