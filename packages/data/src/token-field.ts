import type { BatchValue } from '@x/trainer-core';
import { DataError } from '@x/trainer-core';

import type { Field } from './field.js';
import type { FieldSetting } from './field-settings.js';
import { describe } from './nested-numbers.js';

/** Strings and lists of strings, which become their numbers in a vocabulary and are then a field of numbers. */
export class TokenField implements Field {
  constructor(
    private readonly name: string,
    private readonly indexer: NonNullable<FieldSetting['indexer']>,
    private readonly indices: Field,
  ) {}

  collate(values: readonly unknown[], numbers: readonly number[]): Record<string, BatchValue> {
    const indices = values.map((value, i) => indexed(this.name, value, this.indexer, numbers[i]!));
    return this.indices.collate(indices, numbers);
  }
}

/**
 * A value's tokens as numbers.
 *
 * @throws DataError (`X_DATA_INVALID`) naming example and field, for what is no string and for tokens that the vocabulary
 *   refuses.
 */
export function indexed(name: string, value: unknown, indexer: (token: string) => number, example: number): unknown {
  const place = `instance ${example}: field "${name}"`;
  const numbersOf = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(numbersOf);
    if (typeof item === 'string') return numberOf(item, indexer, place);
    throw new DataError(
      'X_DATA_INVALID',
      `${place} has a vocabulary namespace and holds ${describe(item)}; expected strings`,
    );
  };
  return numbersOf(value);
}

function numberOf(token: string, indexer: (token: string) => number, place: string): number {
  try {
    return indexer(token);
  } catch (cause) {
    throw new DataError('X_DATA_INVALID', `${place}: ${(cause as Error).message}`, { cause });
  }
}
