import { intsOf } from './attributes.js';
import type { Value } from './value.js';

/** The permutation of a `Transpose`. */
export function permutationOf(transpose: Value): readonly number[] {
  return intsOf(transpose, 'perm');
}

export function inverse(permutation: readonly number[]): number[] {
  const axes = permutation.map(() => 0);
  permutation.forEach((axis, i) => (axes[axis] = i));
  return axes;
}

/** Whether only axes of length 1 change their place, so that the elements stay where they are. */
export function movesOnlyUnits(shape: readonly number[], permutation: readonly number[]): boolean {
  const moved = permutation.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, i) => i === 0 || axis > moved[i - 1]!);
}
