import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { Initializer } from '../../contracts/initializer.js';
import { ModelError } from '../../errors.js';
import type { RandomStream } from '../../random/streams.js';
import { layoutField, sizeOf } from './layout.js';

export const OrthogonalOptions = z.strictObject({
  gain: z.number().default(1).describe('Length of the orthogonal vectors'),
  layout: layoutField,
});

/**
 * A matrix with orthogonal rows or columns, whichever are fewer (Saxe et al., 2014). A weight of more than two dimensions
 * is seen as a matrix whose one side is the output dimension.
 *
 * @throws ModelError (`X_MODEL_INVALID`) for fewer than two dimensions.
 */
export function orthogonal(
  shape: readonly number[],
  random: RandomStream,
  options: z.input<typeof OrthogonalOptions> = {},
): tf.Tensor {
  return tf.tensor(orthogonalValues(shape, random, OrthogonalOptions.parse(options)), [...shape]);
}

/** The elements of an {@link orthogonal} weight. */
export function orthogonalValues(
  shape: readonly number[],
  random: RandomStream,
  { gain, layout }: z.output<typeof OrthogonalOptions>,
): Float32Array {
  if (shape.length < 2) {
    throw new ModelError(
      'X_MODEL_INVALID',
      `an orthogonal weight needs at least 2 dimensions, received shape [${shape}]`,
    );
  }
  const rows = layout === 'torch' ? shape[0]! : sizeOf(shape.slice(0, -1));
  const columns = sizeOf(shape) / rows;
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const vectors = orthonormal(random.normals(count * length), count, length);
  const at = (row: number, column: number): number =>
    rows <= columns ? vectors[row]![column]! : vectors[column]![row]!;
  return Float32Array.from({ length: rows * columns }, (_, i) => gain * at(Math.floor(i / columns), i % columns));
}

/** Gram-Schmidt in float64; the second pass removes what rounding left of the first. */
function orthonormal(values: Float32Array, count: number, length: number): Float64Array[] {
  const vectors: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    let vector = Float64Array.from(values.subarray(i * length, (i + 1) * length));
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors) {
        const share = dot(vector, other);
        vector = vector.map((value, j) => value - share * other[j]!);
      }
    }
    const norm = Math.sqrt(dot(vector, vector));
    vectors.push(vector.map((value) => value / norm));
  }
  return vectors;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** {@link orthogonal} by name. */
@Initializer.register('orthogonal', OrthogonalOptions)
export class OrthogonalInitializer extends Initializer {
  constructor(private readonly options: z.output<typeof OrthogonalOptions>) {
    super();
  }

  override create(shape: readonly number[], random: RandomStream): tf.Tensor {
    return orthogonal(shape, random, this.options);
  }
}
