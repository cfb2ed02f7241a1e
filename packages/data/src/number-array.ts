/** The typed arrays whose elements are numbers. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array;

/** Tensor types that data are given as. */
export type NumberType = 'float32' | 'int32';

export function isNumberArray(value: unknown): value is NumberArray {
  return (
    ArrayBuffer.isView(value) &&
    !(value instanceof DataView || value instanceof BigInt64Array || value instanceof BigUint64Array)
  );
}

/** The tensor type that holds all values of an array of this class; Uint32Array's fit neither and become float32. */
export function typeOf(values: NumberArray): NumberType {
  const fractional = values instanceof Float32Array || values instanceof Float64Array || values instanceof Uint32Array;
  return fractional ? 'float32' : 'int32';
}

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Room for a tensor's values. */
export function allocate(dtype: NumberType, size: number): Float32Array | Int32Array {
  return dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
}
