import type { NumberArray } from './number-array.js';
import { isNumberArray, sizeOf, typeOf } from './number-array.js';

/** A number, a list of numbers, a list of such lists, ...; the innermost list may be a typed array. */
export type NestedNumbers = number | NumberArray | readonly NestedNumbers[];

const INT32_MAX = 2 ** 31 - 1;

/** What several nested lists have in common: how deep the numbers are, and the lengths of the lists at each depth. */
export class Extent {
  /** The depth at which the numbers are, 0 for plain numbers; undefined while only empty lists were seen. */
  depth: number | undefined;
  readonly shortest: number[] = [];
  readonly longest: number[] = [];
  /** Whether int32 holds every number. */
  whole = true;

  /** Takes a value into account; returns what is wrong with it, if anything. */
  add(value: unknown, level = 0): string | undefined {
    if (typeof value === 'number') return this.addNumber(value, level);
    if (isNumberArray(value)) return this.addArray(value, level);
    if (!Array.isArray(value)) return `holds ${describe(value)} among numbers`;
    const problem = this.addList(value.length, level);
    if (problem !== undefined) return problem;
    for (const item of value as readonly unknown[]) {
      const inner = this.add(item, level + 1);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }

  /** The dimensions of the smallest array that holds every value. */
  get sizes(): number[] {
    return Array.from({ length: this.depth ?? this.longest.length }, (_, level) => this.longest[level] ?? 0);
  }

  /** The number of leading dimensions up to the last one in which lengths differ; 0 where all values have one shape. */
  get raggedDimensions(): number {
    return this.longest.findLastIndex((length, level) => length !== this.shortest[level]) + 1;
  }

  private addNumber(value: number, level: number): string | undefined {
    if (level < this.longest.length) return 'has a number where others have a list';
    this.depth ??= level;
    if (this.depth !== level) return `has numbers ${level} lists deep where others have them ${this.depth} deep`;
    this.whole &&= Number.isInteger(value) && Math.abs(value) <= INT32_MAX;
    return undefined;
  }

  private addArray(values: NumberArray, level: number): string | undefined {
    const problem = this.addList(values.length, level);
    if (problem !== undefined) return problem;
    this.depth ??= level + 1;
    if (this.depth !== level + 1)
      return `has numbers ${level + 1} lists deep where others have them ${this.depth} deep`;
    this.whole &&= typeOf(values) === 'int32';
    return undefined;
  }

  private addList(length: number, level: number): string | undefined {
    if (this.depth !== undefined && level >= this.depth) return 'has a list where others have a number';
    this.shortest[level] = Math.min(this.shortest[level] ?? length, length);
    this.longest[level] = Math.max(this.longest[level] ?? length, length);
    return undefined;
  }
}

/** Writes a value's numbers row by row into `target`, in which it has room for `sizes`. */
export function writeNumbers(
  target: Float32Array | Int32Array,
  offset: number,
  value: NestedNumbers,
  sizes: readonly number[],
): void {
  if (typeof value === 'number') {
    target[offset] = value;
  } else if (isNumberArray(value)) {
    target.set(value, offset);
  } else {
    const [, ...inner] = sizes;
    const stride = sizeOf(inner);
    value.forEach((item, i) => writeNumbers(target, offset + i * stride, item, inner));
  }
}

/** Writes 1 at every place of a value, down to the depth of `sizes`. */
export function writeMask(target: Float32Array, offset: number, value: NestedNumbers, sizes: readonly number[]): void {
  if (sizes.length === 0 || typeof value === 'number') {
    target[offset] = 1;
  } else if (isNumberArray(value)) {
    target.fill(1, offset, offset + value.length);
  } else {
    const [, ...inner] = sizes;
    const stride = sizeOf(inner);
    value.forEach((item, i) => writeMask(target, offset + i * stride, item, inner));
  }
}

/** A value in words, for messages. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  return typeof value === 'object' ? (isNumberArray(value) ? 'a typed array' : 'an object') : `a ${typeof value}`;
}
