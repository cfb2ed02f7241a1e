import type * as tf from '@tensorflow/tfjs-core';

import type { Draw } from '../../graph/__fixtures__/random-program.js';

/** What is known of a value while a program is made up. */
export interface Item {
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
  /** Whether every engine has the same bits, so that rounding or comparing them gives the same everywhere. */
  readonly exact: boolean;
  /** Whether it depends on parameters, so that gradients go through it. */
  readonly learned: boolean;
}

/** An operation on values of the pool, by their numbers. */
export interface Proposal {
  readonly name: string;
  readonly inputs: readonly number[];
  /** Arguments besides tensors, to be printed. */
  readonly options?: unknown;
  readonly run: (...tensors: tf.Tensor[]) => tf.Tensor | readonly tf.Tensor[];
  /** Whether the result is exact if all inputs are. Default false. */
  readonly exact?: boolean;
  /**
   * Whether it chooses one of its elements. Equal ones would be chosen otherwise where they are rounded otherwise: ONNX
   * Runtime's functions give the last elements of a tensor, which fill no vector, other last bits.
   */
  readonly chooses?: boolean;
  /** Random numbers: what stands for them while the program is made up. */
  readonly stand?: (...tensors: tf.Tensor[]) => tf.Tensor;
}

/** Proposes an operation, undefined if there is nothing in the pool to do it with. */
export type Operation = (draw: Draw, pool: Pool) => Proposal | undefined;

export class Pool {
  readonly items: Item[] = [];

  constructor(private readonly draw: Draw) {}

  /** The number of some value that fits, of late ones with preference. */
  pick(fits: (item: Item) => boolean): number | undefined {
    const found = this.items.flatMap((item, i) => (fits(item) ? [i] : []));
    if (found.length === 0) return undefined;
    return this.draw.int(0, 2) > 0 ? found[Math.max(0, found.length - 1 - this.draw.int(0, 3))] : this.draw.of(found);
  }

  item(index: number): Item {
    return this.items[index]!;
  }
}

export const isFloat = ({ dtype }: Item): boolean => dtype === 'float32';

/** Operations without a gradient, or with jumps, are for values that are the same everywhere and are not learned. */
export const isFixed = ({ exact, learned }: Item): boolean => exact && !learned;

export function broadcasts(a: readonly number[], b: readonly number[]): boolean {
  const rank = Math.min(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => [a.at(-1 - i)!, b.at(-1 - i)!]).every(
    ([x, y]) => x === y || x === 1 || y === 1,
  );
}

/** Some of the axes of a shape, in order. */
export function someAxes(draw: Draw, rank: number): number[] {
  return Array.from({ length: rank }, (_, i) => i).filter(() => draw.int(0, 1) === 0);
}
