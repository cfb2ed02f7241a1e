import * as tf from '@tensorflow/tfjs-core';
import type { BatchValue } from '@x/trainer-core';
import { DataError } from '@x/trainer-core';

import type { FieldSetting } from './field-settings.js';
import type { NestedNumbers } from './nested-numbers.js';
import { describe, Extent, writeMask, writeNumbers } from './nested-numbers.js';
import type { NumberType } from './number-array.js';
import { allocate, isNumberArray, sizeOf } from './number-array.js';
import { indexed, TokenField } from './token-field.js';

/** How the values of one field become entries of a batch. */
export interface Field {
  /**
   * @param values one per example of the batch.
   * @param numbers of the examples, for messages.
   * @throws DataError (`X_DATA_INVALID`) naming the example and the field, for a value unlike those it was made for.
   */
  collate(values: readonly unknown[], numbers: readonly number[]): Record<string, BatchValue>;
}

/**
 * The field that suits the given values: numbers and nested lists of numbers become tensors, tokens of a vocabulary their
 * numbers, all else is static.
 *
 * @param first the number of the first example, for messages.
 * @throws DataError (`X_DATA_INVALID`) naming the example and the field, for values that do not go together.
 */
export function inferField(name: string, values: readonly unknown[], setting: FieldSetting, first = 0): Field {
  const tensor = values.findIndex((value) => value instanceof tf.Tensor);
  if (tensor >= 0) {
    throw invalid(
      name,
      first + tensor,
      'holds a tensor; give tensors as columns, dataLoader({ x: tensor }), or lists of numbers here',
    );
  }
  const { indexer, ...options } = setting;
  if (indexer !== undefined) {
    const indices = values.map((value, i) => indexed(name, value, indexer, first + i));
    const { dtype = 'int32', mask = values.some(Array.isArray) } = options;
    return new TokenField(name, indexer, NumberField.infer(name, indices, { ...options, dtype, mask }, first));
  }
  const kind = firstKind(values) ?? 'numbers';
  if (kind === 'numbers') return NumberField.infer(name, values, options, first);
  const field = new StaticField(name, kind);
  field.check(values, (i) => first + i);
  return field;
}

/** Strings, booleans, records and lists of them: a batch holds the list of its examples' values. */
class StaticField implements Field {
  constructor(
    private readonly name: string,
    private readonly kind: string,
  ) {}

  collate(values: readonly unknown[], numbers: readonly number[]): Record<string, BatchValue> {
    this.check(values, (i) => numbers[i]!);
    return { [this.name]: values as readonly BatchValue[] };
  }

  check(values: readonly unknown[], numberOf: (i: number) => number): void {
    const other = values.findIndex((value) => value !== null && (kindOf(value) ?? 'list') !== this.kind);
    if (other < 0) return;
    throw invalid(this.name, numberOf(other), `holds ${describe(values[other])} where others hold a ${this.kind}`);
  }
}

/** What was inferred of a field of numbers, and what its options say. */
interface Layout {
  readonly dtype: NumberType;
  readonly depth: number;
  /** The size of each dimension; of the first `paddedDimensions` each batch has its own. */
  readonly sizes: readonly number[];
  readonly paddedDimensions: number;
  readonly mask: boolean;
  readonly padWith: number;
  /** What the longest list of a batch is padded to, from its length. */
  readonly paddedLength: (longest: number) => number;
}

function roundUp({ padToMultipleOf, padLengths }: FieldSetting): Layout['paddedLength'] {
  return (longest) =>
    padLengths.find((length) => length >= longest) ?? Math.ceil(longest / padToMultipleOf) * padToMultipleOf;
}

/** Numbers and lists of numbers: a tensor [batch, ...], padded where lists have several lengths, and its mask. */
class NumberField implements Field {
  private constructor(
    private readonly name: string,
    private readonly layout: Layout,
  ) {}

  static infer(name: string, values: readonly unknown[], options: FieldSetting, first: number): NumberField {
    const extent = extentOf(name, values, (i) => first + i);
    const ragged = extent.raggedDimensions;
    const { mask = ragged > 0, padWith, dtype = extent.whole ? 'int32' : 'float32' } = options;
    const { sizes } = extent;
    const paddedDimensions = Math.min(sizes.length, Math.max(ragged, mask ? 1 : 0));
    const depth = sizes.length;
    return new NumberField(name, {
      dtype,
      depth,
      sizes,
      paddedDimensions,
      mask,
      padWith,
      paddedLength: roundUp(options),
    });
  }

  collate(values: readonly unknown[], numbers: readonly number[]): Record<string, BatchValue> {
    const sizes = this.sizesFor(values, numbers);
    const { dtype, mask, paddedDimensions, padWith } = this.layout;
    const stride = sizeOf(sizes);
    const data = allocate(dtype, values.length * stride).fill(padWith);
    values.forEach((value, i) => writeNumbers(data, i * stride, value as NestedNumbers, sizes));
    const padded = tf.tensor(data, [values.length, ...sizes], dtype);
    if (!mask) return { [this.name]: padded };

    const maskSizes = sizes.slice(0, paddedDimensions);
    const maskStride = sizeOf(maskSizes);
    const ones = new Float32Array(values.length * maskStride);
    values.forEach((value, i) => writeMask(ones, i * maskStride, value as NestedNumbers, maskSizes));
    return { [this.name]: padded, [maskName(this.name)]: tf.tensor(ones, [values.length, ...maskSizes], 'float32') };
  }

  /** The dimensions of an example in this batch. */
  private sizesFor(values: readonly unknown[], numbers: readonly number[]): number[] {
    const { depth, dtype, paddedDimensions, paddedLength, sizes } = this.layout;
    const extent = extentOf(this.name, values, (i) => numbers[i]!);
    const differs = (what: string): DataError => invalid(this.name, numbers[0]!, `is in a batch ${what}`);
    if (extent.depth !== undefined && extent.depth !== depth) {
      throw differs(`with numbers ${extent.depth} lists deep where the data before have them ${depth} deep`);
    }
    if (dtype === 'int32' && !extent.whole) {
      throw differs(
        `with numbers that int32 cannot hold, which the field was found to be; set fields.${this.name}.dtype to "float32"`,
      );
    }
    return sizes.map((size, level) => {
      const [shortest, longest] = [extent.shortest[level], extent.longest[level]];
      if (level < paddedDimensions) return paddedLength(longest ?? 0);
      if (longest !== undefined && (longest !== size || shortest !== size)) {
        throw differs(
          `with lists of length ${shortest === size ? longest : shortest} where the data before have ${size}; ` +
            `set fields.${this.name}.mask to true if lengths vary`,
        );
      }
      return size;
    });
  }
}

/** The name under which the mask of a field is found in a batch. */
export function maskName(field: string): string {
  return `${field}Mask`;
}

function extentOf(name: string, values: readonly unknown[], numberOf: (i: number) => number): Extent {
  const extent = new Extent();
  values.forEach((value, i) => {
    const problem = extent.add(value);
    if (problem !== undefined) throw invalid(name, numberOf(i), problem);
  });
  return extent;
}

/** `numbers`, the kind of a static value, or undefined where it cannot be told: an empty list, or null. */
function kindOf(value: unknown): string | undefined {
  if (value === null) return undefined;
  if (typeof value === 'number' || isNumberArray(value)) return 'numbers';
  if (!Array.isArray(value)) return typeof value === 'object' ? 'record' : typeof value;
  const kind = firstKind(value);
  return kind === undefined || kind === 'numbers' ? kind : 'list';
}

function firstKind(values: readonly unknown[]): string | undefined {
  for (const value of values) {
    const kind = kindOf(value);
    if (kind !== undefined) return kind;
  }
  return undefined;
}

function invalid(field: string, example: number, problem: string): DataError {
  return new DataError('X_DATA_INVALID', `instance ${example}: field "${field}" ${problem}`);
}
