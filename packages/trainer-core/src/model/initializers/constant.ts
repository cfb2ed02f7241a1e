import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { Initializer } from '../../contracts/initializer.js';

export const ConstantOptions = z.strictObject({ val: z.number().describe('The value of every element') });

/** Every element is `val`. */
@Initializer.register('constant', ConstantOptions)
export class ConstantInitializer extends Initializer {
  constructor(private readonly options: z.output<typeof ConstantOptions>) {
    super();
  }

  override create(shape: readonly number[]): tf.Tensor {
    return tf.fill([...shape], this.options.val, 'float32');
  }
}

/** Every element is 0. */
@Initializer.register('zero')
export class ZeroInitializer extends Initializer {
  override create(shape: readonly number[]): tf.Tensor {
    return tf.zeros([...shape]);
  }
}
