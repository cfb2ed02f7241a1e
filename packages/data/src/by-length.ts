import type { Instance, RandomStream } from '@x/trainer-core';
import { DataError } from '@x/trainer-core';

/** An example's number, and its lengths in the fields that it is sorted by. */
export interface Sorted {
  readonly number: number;
  readonly lengths: readonly number[];
}

/** Up to which part of itself a length is changed before sorting, and the numbers that decide how. */
export interface Noise {
  readonly part: number;
  readonly stream: RandomStream;
}

/** The original looks at its first instances, up to this number, to find the longest field. */
const LOOKED_AT = 12;

/**
 * Examples from short to long: a stable sort by the (noisy) lengths in the first field, then in the next.
 *
 * @throws DataError (`X_DATA_INVALID`) naming instance and field, where a sorting key is missing or has no length.
 */
export function sortedByLength(
  instances: readonly Instance[],
  sortingKeys: readonly string[],
  noise?: Noise,
): Sorted[] {
  const uniforms = noise?.stream.uniforms(instances.length * sortingKeys.length);
  const noisy = (length: number, i: number): number =>
    noise === undefined ? length : length + length * noise.part * (2 * uniforms![i]! - 1);
  return instances
    .map((instance, number) => {
      const lengths = sortingKeys.map((key) => lengthOf(instance, key, number));
      return { number, lengths, sortedBy: lengths.map((length, k) => noisy(length, number * sortingKeys.length + k)) };
    })
    .sort((a, b) => compare(a.sortedBy, b.sortedBy));
}

function compare(a: readonly number[], b: readonly number[]): number {
  const i = a.findIndex((length, k) => length !== b[k]);
  return i < 0 ? 0 : a[i]! - b[i]!;
}

function lengthOf(instance: Instance, key: string, number: number): number {
  const value = instance[key];
  const length = typeof value === 'string' ? value.length : listLength(value);
  if (length !== undefined) return length;
  const problem =
    value === undefined
      ? `lacks the sorting key "${key}"; it has ${Object.keys(instance).join(', ')}`
      : `has no length in the field "${key}", a sorting key; expected a list or a string`;
  throw new DataError('X_DATA_INVALID', `instance ${number} ${problem}`);
}

function listLength(value: unknown): number | undefined {
  if (Array.isArray(value)) return value.length;
  return ArrayBuffer.isView(value) && 'length' in value ? Number(value.length) : undefined;
}

/**
 * The field with the longest list among the first instances; the first of several such. Strings are not padded.
 *
 * @throws DataError (`X_DATA_INVALID`) if there are instances, none of which has a list.
 */
export function longestField(instances: readonly Instance[]): string[] {
  let longest: { name: string; length: number } | undefined;
  for (const instance of instances.slice(0, LOOKED_AT)) {
    for (const [name, value] of Object.entries(instance)) {
      const length = listLength(value) ?? 0;
      if (length > (longest?.length ?? 0)) longest = { name, length };
    }
  }
  if (longest !== undefined || instances.length === 0) return longest === undefined ? [] : [longest.name];
  throw new DataError(
    'X_DATA_INVALID',
    'no field of the first instances has a list to sort by; name the fields in sortingKeys',
  );
}
