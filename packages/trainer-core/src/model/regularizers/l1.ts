import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { Regularizer } from '../../contracts/regularizer.js';

export const L1Options = z.strictObject({ alpha: z.number().default(0.01).describe('Factor on the penalty') });

/** `alpha * sum(|p|)`; its gradient at 0 is 0. */
@Regularizer.register('l1', L1Options)
export class L1Regularizer extends Regularizer {
  constructor(private readonly options: z.output<typeof L1Options>) {
    super();
  }

  override penalty(parameter: tf.Tensor): tf.Scalar {
    // tf.abs has the gradient -1 at 0.
    return tf.mul(this.options.alpha, tf.sum(tf.mul(parameter, tf.sign(parameter))));
  }
}
