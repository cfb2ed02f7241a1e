import * as tf from '@tensorflow/tfjs-core';

import { Initializer } from '../../contracts/initializer.js';
import { sizeOf } from './layout.js';

/**
 * 1 for the forget gate, the second quarter of an LSTM's bias in both tfjs (i, f, c, o) and torch (i, f, g, o), and 0 for
 * the others, so that a cell remembers at first (Jozefowicz et al., 2015).
 */
@Initializer.register('lstm_hidden_bias')
export class LstmHiddenBiasInitializer extends Initializer {
  override create(shape: readonly number[]): tf.Tensor {
    const gate = Math.floor((shape[0] ?? 0) / 4) * sizeOf(shape.slice(1));
    return tf.tensor(new Float32Array(sizeOf(shape)).fill(1, gate, 2 * gate), [...shape]);
  }
}
