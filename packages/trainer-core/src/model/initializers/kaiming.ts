import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { Initializer } from '../../contracts/initializer.js';
import type { RandomStream } from '../../random/streams.js';
import { gainOf, Nonlinearity } from './gain.js';
import { fansOf, layoutField } from './layout.js';
import { normal } from './normal.js';
import { uniform } from './uniform.js';

export const KaimingOptions = z.strictObject({
  a: z.number().default(0).describe('Negative slope of leaky_relu'),
  mode: z
    .enum(['fan_in', 'fan_out'])
    .default('fan_in')
    .describe('Keeps the variance of activations (fan_in) or of gradients'),
  nonlinearity: Nonlinearity.default('leaky_relu').describe('What follows the weight'),
  layout: layoutField,
});

/** The standard deviation `gain / sqrt(fan)` (He et al., 2015). */
export function kaimingDeviation(shape: readonly number[], options: z.output<typeof KaimingOptions>): number {
  const { fanIn, fanOut } = fansOf(shape, options.layout);
  return gainOf(options.nonlinearity, options.a) / Math.sqrt(options.mode === 'fan_in' ? fanIn : fanOut);
}

/** Uniform numbers within ±sqrt(3) {@link kaimingDeviation}. */
export function kaimingUniform(
  shape: readonly number[],
  random: RandomStream,
  options: z.input<typeof KaimingOptions> = {},
): tf.Tensor {
  const bound = Math.sqrt(3) * kaimingDeviation(shape, KaimingOptions.parse(options));
  return uniform(shape, random, -bound, bound);
}

/** Normal numbers with mean 0 and {@link kaimingDeviation}. */
export function kaimingNormal(
  shape: readonly number[],
  random: RandomStream,
  options: z.input<typeof KaimingOptions> = {},
): tf.Tensor {
  return normal(shape, random, 0, kaimingDeviation(shape, KaimingOptions.parse(options)));
}

/** {@link kaimingUniform} by name. */
@Initializer.register('kaiming_uniform', KaimingOptions)
export class KaimingUniformInitializer extends Initializer {
  constructor(private readonly options: z.output<typeof KaimingOptions>) {
    super();
  }

  override create(shape: readonly number[], random: RandomStream): tf.Tensor {
    return kaimingUniform(shape, random, this.options);
  }
}

/** {@link kaimingNormal} by name. */
@Initializer.register('kaiming_normal', KaimingOptions)
export class KaimingNormalInitializer extends Initializer {
  constructor(private readonly options: z.output<typeof KaimingOptions>) {
    super();
  }

  override create(shape: readonly number[], random: RandomStream): tf.Tensor {
    return kaimingNormal(shape, random, this.options);
  }
}
