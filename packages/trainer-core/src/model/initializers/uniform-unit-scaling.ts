import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { Initializer } from '../../contracts/initializer.js';
import type { RandomStream } from '../../random/streams.js';
import { gainOf, Nonlinearity } from './gain.js';
import { sizeOf } from './layout.js';
import { uniform } from './uniform.js';

export const UniformUnitScalingOptions = z.strictObject({
  nonlinearity: Nonlinearity.default('linear').describe('What follows the weight'),
});

/**
 * Uniform numbers within ±`gain` sqrt(3 / n), where n is the product of all dimensions but the last: what feeds an output
 * of a tfjs weight. It keeps the scale of activations (Sussillo & Abbott, 2014).
 *
 * Source: `uniform_unit_scaling` of AllenNLP 1.0, which has it from TensorFlow
 */
@Initializer.register('uniform_unit_scaling', UniformUnitScalingOptions)
export class UniformUnitScalingInitializer extends Initializer {
  constructor(private readonly options: z.output<typeof UniformUnitScalingOptions>) {
    super();
  }

  override create(shape: readonly number[], random: RandomStream): tf.Tensor {
    const bound = Math.sqrt(3 / sizeOf(shape.slice(0, -1))) * gainOf(this.options.nonlinearity);
    return uniform(shape, random, -bound, bound);
  }
}
