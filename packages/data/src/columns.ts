import * as tf from '@tensorflow/tfjs-core';
import type { BatchValue } from '@x/trainer-core';
import { DataError } from '@x/trainer-core';

import type { FieldSetting } from './field-settings.js';
import { inferField } from './field.js';
import type { NumberArray, NumberType } from './number-array.js';
import { allocate, isNumberArray, sizeOf, typeOf } from './number-array.js';

/** A typed array of rows: `shape` is [rows, ...], and its product the length of `data`. */
export interface ShapedArray {
  readonly data: NumberArray;
  readonly shape: readonly number[];
}

/** One column of a data set: a value per example. Tensors are [examples, ...] and stay the caller's. */
export type ColumnData = tf.Tensor | NumberArray | ShapedArray | readonly unknown[];

/** A data set by columns. */
export type ColumnsData = Readonly<Record<string, ColumnData>>;

/** The values of one field of all examples. */
export interface Column {
  readonly size: number;
  /** The examples' values as list items; undefined where they exist as a block only. */
  readonly values?: readonly unknown[];
  /** The batch entries of the chosen examples. */
  take(numbers: readonly number[]): Record<string, BatchValue>;
}

/**
 * @throws DataError (`X_DATA_INVALID`) naming the column, for a value that is no column, or naming the example too, for
 *   lists whose values do not go together.
 */
export function columnOf(name: string, data: unknown, setting: FieldSetting): Column {
  if (Array.isArray(data)) return listColumn(name, data, setting);
  if (setting.indexer !== undefined) {
    throw new DataError(
      'X_DATA_INVALID',
      `column "${name}" has a vocabulary namespace, but is no list; expected a list of strings, or of lists of strings`,
    );
  }
  if (isTensor(data)) return tensorColumn(name, data, setting.dtype);
  if (isNumberArray(data)) return arrayColumn(name, { data, shape: [data.length] }, setting.dtype);
  if (isShapedArray(data)) return arrayColumn(name, data, setting.dtype);
  throw new DataError(
    'X_DATA_INVALID',
    `column "${name}" is ${data === null ? 'null' : `of type ${typeof data}`}; ` +
      'expected a list, a typed array, { data: typed array, shape: [rows, ...] } or a tensor',
  );
}

/** The values of one field of records, or a column that is a list. */
export function listColumn(name: string, values: readonly unknown[], setting: FieldSetting): Column {
  const field = inferField(name, values, setting);
  return {
    size: values.length,
    values,
    take: (numbers) =>
      field.collate(
        numbers.map((number) => values[number]),
        numbers,
      ),
  };
}

function arrayColumn(name: string, { data, shape }: ShapedArray, dtype: NumberType = typeOf(data)): Column {
  if (shape.length === 0 || sizeOf(shape) !== data.length) {
    throw new DataError(
      'X_DATA_INVALID',
      `column "${name}" has ${data.length} numbers and the shape [${shape.join(', ')}], which holds ${sizeOf(shape)}; ` +
        'expected [rows, ...] for as many numbers as there are',
    );
  }
  const [size = 0, ...rowShape] = shape;
  const stride = sizeOf(rowShape);
  return {
    size,
    take: (numbers) => {
      const rows = allocate(dtype, numbers.length * stride);
      numbers.forEach((number, i) => rows.set(data.subarray(number * stride, (number + 1) * stride), i * stride));
      return { [name]: tf.tensor(rows, [numbers.length, ...rowShape], dtype) };
    },
  };
}

function tensorColumn(name: string, data: tf.Tensor, dtype: NumberType | undefined): Column {
  const [size] = data.shape;
  if (size === undefined) {
    throw new DataError('X_DATA_INVALID', `column "${name}" is a scalar tensor; expected the shape [examples, ...]`);
  }
  return {
    size,
    take: (numbers) => ({
      [name]: tf.tidy(() => {
        const rows = tf.gather(data, tf.tensor1d([...numbers], 'int32'));
        return dtype === undefined ? rows : tf.cast(rows, dtype);
      }),
    }),
  };
}

function isTensor(data: unknown): data is tf.Tensor {
  return data instanceof tf.Tensor;
}

function isShapedArray(data: unknown): data is ShapedArray {
  return (
    typeof data === 'object' &&
    data !== null &&
    'data' in data &&
    isNumberArray(data.data) &&
    'shape' in data &&
    Array.isArray(data.shape)
  );
}
