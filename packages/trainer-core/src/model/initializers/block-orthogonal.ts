import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { Initializer } from '../../contracts/initializer.js';
import { ConfigError } from '../../errors.js';
import type { RandomStream } from '../../random/streams.js';
import { sizeOf, stridesOf } from './layout.js';
import { OrthogonalOptions, orthogonalValues } from './orthogonal.js';

export const BlockOrthogonalOptions = OrthogonalOptions.extend({
  splitSizes: z
    .array(z.int().positive())
    .describe('The size of a block along each dimension; dimensions after the last one given are not split'),
});

/**
 * Blocks of `splitSizes`, each of them {@link orthogonal} by itself: for weights that hold those of several layers side by
 * side, as the gates of a recurrent cell.
 *
 * Source: `block_orthogonal` of AllenNLP 1.0
 */
@Initializer.register('block_orthogonal', BlockOrthogonalOptions)
export class BlockOrthogonalInitializer extends Initializer {
  constructor(private readonly options: z.output<typeof BlockOrthogonalOptions>) {
    super();
  }

  /** @throws ConfigError (`X_CONFIG_INVALID`) if a dimension is not a multiple of its split size. */
  override create(shape: readonly number[], random: RandomStream): tf.Tensor {
    const { splitSizes } = this.options;
    if (shape.some((length, i) => length % (splitSizes[i] ?? length) !== 0)) {
      throw ConfigError.of(
        'X_CONFIG_INVALID',
        'splitSizes',
        `tensor dimensions must be divisible by their respective split sizes; found size [${shape}] and split sizes [${splitSizes}]`,
        'the initializer block_orthogonal',
      );
    }
    const block = shape.map((length, i) => splitSizes[i] ?? length);
    const counts = shape.map((length, i) => length / block[i]!);
    const values = new Float32Array(sizeOf(shape));
    const strides = stridesOf(shape);
    for (let number = 0; number < sizeOf(counts); number++) {
      const start = positionOf(number, counts).map((at, i) => at * block[i]!);
      orthogonalValues(block, random.at(number), this.options).forEach((value, i) => {
        const position = positionOf(i, block);
        values[position.reduce((sum, at, d) => sum + (start[d]! + at) * strides[d]!, 0)] = value;
      });
    }
    return tf.tensor(values, [...shape]);
  }
}

/** Where the element of a flat list is in a tensor of that shape. */
function positionOf(index: number, shape: readonly number[]): number[] {
  const strides = stridesOf(shape);
  return shape.map((length, i) => Math.floor(index / strides[i]!) % length);
}
