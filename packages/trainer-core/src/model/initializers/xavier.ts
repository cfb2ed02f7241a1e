import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { Initializer } from '../../contracts/initializer.js';
import type { RandomStream } from '../../random/streams.js';
import { fansOf, layoutField } from './layout.js';
import { normal } from './normal.js';
import { uniform } from './uniform.js';

export const XavierOptions = z.strictObject({
  gain: z.number().default(1).describe('Factor on the standard deviation'),
  layout: layoutField,
});

/** The standard deviation `gain * sqrt(2 / (fanIn + fanOut))` (Glorot & Bengio, 2010). */
export function xavierDeviation(shape: readonly number[], { gain, layout }: z.output<typeof XavierOptions>): number {
  const { fanIn, fanOut } = fansOf(shape, layout);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

/** Uniform numbers within ±sqrt(3) {@link xavierDeviation}. */
export function xavierUniform(
  shape: readonly number[],
  random: RandomStream,
  options: z.input<typeof XavierOptions> = {},
): tf.Tensor {
  const bound = Math.sqrt(3) * xavierDeviation(shape, XavierOptions.parse(options));
  return uniform(shape, random, -bound, bound);
}

/** Normal numbers with mean 0 and {@link xavierDeviation}. */
export function xavierNormal(
  shape: readonly number[],
  random: RandomStream,
  options: z.input<typeof XavierOptions> = {},
): tf.Tensor {
  return normal(shape, random, 0, xavierDeviation(shape, XavierOptions.parse(options)));
}

/** {@link xavierUniform} by name. */
@Initializer.register('xavier_uniform', XavierOptions)
export class XavierUniformInitializer extends Initializer {
  constructor(private readonly options: z.output<typeof XavierOptions>) {
    super();
  }

  override create(shape: readonly number[], random: RandomStream): tf.Tensor {
    return xavierUniform(shape, random, this.options);
  }
}

/** {@link xavierNormal} by name. */
@Initializer.register('xavier_normal', XavierOptions)
export class XavierNormalInitializer extends Initializer {
  constructor(private readonly options: z.output<typeof XavierOptions>) {
    super();
  }

  override create(shape: readonly number[], random: RandomStream): tf.Tensor {
    return xavierNormal(shape, random, this.options);
  }
}
