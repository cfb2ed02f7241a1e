import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { Initializer } from '../../contracts/initializer.js';
import { ModelError } from '../../errors.js';
import { layoutField, sizeOf, stridesOf } from './layout.js';

/** The identity matrix, cut or filled up with 0 where it is not square: inputs pass a dense layer unchanged. */
@Initializer.register('eye')
export class EyeInitializer extends Initializer {
  /** @throws ModelError (`X_MODEL_INVALID`) unless the weight has 2 dimensions. */
  override create(shape: readonly number[]): tf.Tensor {
    if (shape.length !== 2) {
      throw new ModelError(
        'X_MODEL_INVALID',
        `the initializer eye is for weights of 2 dimensions, received shape [${shape}]; for a convolution use dirac`,
      );
    }
    const [rows, columns] = shape as readonly [number, number];
    return tf.eye(rows, columns);
  }
}

export const DiracOptions = z.strictObject({ layout: layoutField });

/** A convolution that passes as many input channels unchanged as there are outputs; everything else is 0. */
@Initializer.register('dirac', DiracOptions)
export class DiracInitializer extends Initializer {
  constructor(private readonly options: z.output<typeof DiracOptions>) {
    super();
  }

  /** @throws ModelError (`X_MODEL_INVALID`) unless the weight has 3, 4 or 5 dimensions. */
  override create(shape: readonly number[]): tf.Tensor {
    if (shape.length < 3 || shape.length > 5) {
      throw new ModelError(
        'X_MODEL_INVALID',
        `the initializer dirac is for convolutions, of 3, 4 or 5 dimensions; received shape [${shape}]; for a matrix use eye`,
      );
    }
    const values = new Float32Array(sizeOf(shape));
    const strides = stridesOf(shape);
    const channels = this.options.layout === 'torch' ? [0, 1] : [shape.length - 2, shape.length - 1];
    const passed = Math.min(...channels.map((dimension) => shape[dimension]!));
    for (let channel = 0; channel < passed; channel++) {
      const position = shape.map((length, d) => (channels.includes(d) ? channel : Math.floor(length / 2)));
      values[position.reduce((sum, at, d) => sum + at * strides[d]!, 0)] = 1;
    }
    return tf.tensor(values, [...shape]);
  }
}
