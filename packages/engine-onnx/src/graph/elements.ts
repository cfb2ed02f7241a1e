import { arrayOf, sizeOf } from './value.js';
import type { DType, TypedArray } from './value.js';

/** Steps from one element to the next along each axis, in row-major order. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let step = 1;
  for (const length of shape.toReversed()) {
    strides.unshift(step);
    step *= length;
  }
  return strides;
}

/** Steps along the axes of `shape`, to which an array of shape `from` broadcasts: 0 where it repeats. */
export function broadcastStrides(from: readonly number[], shape: readonly number[]): number[] {
  const strides = stridesOf(from);
  const missing = shape.length - from.length;
  return shape.map((_, i) => (i < missing || from[i - missing] === 1 ? 0 : strides[i - missing]!));
}

/**
 * The elements at `offset` plus index times step, summed over the axes, for every index into a shape, in row-major
 * order. Transposition, slices, reversal and broadcasting differ in the steps alone.
 */
export function elementsAt(
  data: TypedArray,
  dtype: DType,
  shape: readonly number[],
  steps: readonly number[],
  offset = 0,
): TypedArray {
  const size = sizeOf(shape);
  const elements = arrayOf(dtype, size);
  const index = shape.map(() => 0);
  for (let i = 0, at = offset; i < size; i++) {
    elements[i] = data[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += steps[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      at -= steps[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return elements;
}

/** Elements of a type computed one by one. */
export function elementsFrom(dtype: DType, length: number, element: (i: number) => number): TypedArray {
  const elements = arrayOf(dtype, length);
  for (let i = 0; i < length; i++) {
    if (elements instanceof BigInt64Array) elements[i] = BigInt(element(i));
    else elements[i] = element(i);
  }
  return elements;
}
