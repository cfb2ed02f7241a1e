import { z } from 'zod';

import { ModelError } from '../../errors.js';

/**
 * How the dimensions of a weight are ordered: `tfjs` has `[...kernel, in, out]` (dense `[in, out]`, convolution HWIO),
 * `torch` has `[out, in, ...kernel]`.
 */
export const WeightLayout = z.enum(['tfjs', 'torch']);
export type WeightLayout = z.output<typeof WeightLayout>;

/** The field that options of fan-based initializers share. */
export const layoutField = WeightLayout.default('tfjs').describe(
  'Order of the dimensions: tfjs is [...kernel, in, out], torch is [out, in, ...kernel]',
);

/** How many inputs feed an output and how many outputs an input feeds, kernel positions included. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/** @throws ModelError (`X_MODEL_INVALID`) for fewer than two dimensions. */
export function fansOf(shape: readonly number[], layout: WeightLayout): Fans {
  if (shape.length < 2) {
    throw new ModelError(
      'X_MODEL_INVALID',
      `fan-in and fan-out need a weight of at least 2 dimensions, received shape [${shape}]; use zero, constant, normal or ` +
        'uniform for vectors and scalars',
    );
  }
  const ends = layout === 'torch' ? { kernel: shape.slice(2), inputs: shape[1]!, outputs: shape[0]! } : tfjsEnds(shape);
  const positions = sizeOf(ends.kernel);
  return { fanIn: ends.inputs * positions, fanOut: ends.outputs * positions };
}

/** The distance in a flat list between neighbours along each dimension. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, dimension) => sizeOf(shape.slice(dimension + 1)));
}

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function tfjsEnds(shape: readonly number[]): { kernel: readonly number[]; inputs: number; outputs: number } {
  return { kernel: shape.slice(0, -2), inputs: shape.at(-2)!, outputs: shape.at(-1)! };
}
