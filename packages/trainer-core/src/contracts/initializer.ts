import type * as tf from '@tensorflow/tfjs-core';

import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';
import type { RandomStream } from '../random/streams.js';

/** Makes the first value of a weight. Two calls with streams of one seed give the same bits. */
export abstract class Initializer {
  static readonly kind: string = 'initializer';
  static readonly defaultName: string = 'normal';
  static readonly register: Register<Initializer> = registerFor('initializer');

  /**
   * A float32 tensor of that shape, owned by the caller.
   *
   * @param name of the parameter that it is for.
   */
  abstract create(shape: readonly number[], random: RandomStream, name: string): tf.Tensor;
}
