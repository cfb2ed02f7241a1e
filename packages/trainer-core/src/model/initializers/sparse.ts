import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { Initializer } from '../../contracts/initializer.js';
import { ModelError } from '../../errors.js';
import type { RandomStream } from '../../random/streams.js';
import { layoutField, sizeOf } from './layout.js';

export const SparseOptions = z.strictObject({
  sparsity: z.number().min(0).max(1).describe('The share of 0 among the weights of each input, rounded up'),
  std: z.number().nonnegative().default(0.01).describe('Standard deviation of the others'),
  layout: layoutField,
});

/**
 * Normal numbers with mean 0, of which each input has a share of 0 at random outputs (Martens, 2010).
 *
 * Source: `torch.nn.init.sparse_`
 */
@Initializer.register('sparse', SparseOptions)
export class SparseInitializer extends Initializer {
  constructor(private readonly options: z.output<typeof SparseOptions>) {
    super();
  }

  /** @throws ModelError (`X_MODEL_INVALID`) unless the weight has 2 dimensions. */
  override create(shape: readonly number[], random: RandomStream): tf.Tensor {
    const { sparsity, std, layout } = this.options;
    if (shape.length !== 2) {
      throw new ModelError(
        'X_MODEL_INVALID',
        `the initializer sparse is for weights of 2 dimensions, received shape [${shape}]`,
      );
    }
    const values = random.normals(sizeOf(shape)).map((value) => std * value);
    const [rows, columns] = shape as readonly [number, number];
    const [inputs, outputs] = layout === 'torch' ? [columns, rows] : [rows, columns];
    const zeros = Math.ceil(sparsity * outputs);
    for (let input = 0; input < inputs; input++) {
      for (const output of random.at(input).permutation(outputs).subarray(0, zeros)) {
        values[layout === 'torch' ? output * columns + input : input * columns + output] = 0;
      }
    }
    return tf.tensor(values, [...shape]);
  }
}
