import type * as tf from '@tensorflow/tfjs-core';

import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';

/** A penalty on a parameter, added to the training loss. */
export abstract class Regularizer {
  static readonly kind: string = 'regularizer';
  static readonly defaultName: string = 'l2';
  static readonly register: Register<Regularizer> = registerFor('regularizer');

  /** The penalty in tfjs ops; it is differentiated through. */
  abstract penalty(parameter: tf.Tensor): tf.Scalar;
}
