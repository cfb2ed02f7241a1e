import type { Batch, BatchValue, Instance } from '@x/trainer-core';
import { DataError, disposeBatch } from '@x/trainer-core';

import type { Column, ColumnsData } from './columns.js';
import { columnOf, listColumn } from './columns.js';
import type { FieldSettings } from './field-settings.js';
import { maskName } from './field.js';
import { describe } from './nested-numbers.js';

/** A data set in memory: examples by number. */
export interface Examples {
  readonly size: number;
  /** The examples as records, for samplers that look at them; columns that are no lists are left out. */
  readonly instances: readonly Instance[];
  /** The batch of the chosen examples, in that order. */
  take(numbers: readonly number[]): Batch;
}

/**
 * A data set of records or of columns.
 *
 * @throws DataError (`X_DATA_INVALID`) for records with different fields, columns of different lengths, values of one
 *   field that do not go together, and options of a field that does not exist.
 */
export function examplesOf(data: readonly Instance[] | ColumnsData, settings: FieldSettings): Examples {
  if (isRecords(data)) {
    const fields = fieldsOf(data);
    checkNames(fields, settings, data.length > 0);
    const columns = fields.map((name) =>
      listColumn(
        name,
        data.map((instance) => instance[name]),
        settings.of(name),
      ),
    );
    return {
      size: data.length,
      instances: data,
      take: (numbers) => assemble(columns.map((c) => () => c.take(numbers))),
    };
  }
  const columns = Object.entries(data).map(
    ([name, column]) => [name, columnOf(name, column, settings.of(name))] as const,
  );
  checkNames(Object.keys(data), settings, true);
  return {
    size: commonSize(columns),
    get instances() {
      return rowsOf(columns);
    },
    take: (numbers) =>
      assemble(
        columns.map(
          ([, column]) =>
            () =>
              column.take(numbers),
        ),
      ),
  };
}

/**
 * The field names that all records share.
 *
 * @param first the number of the first record, for messages.
 * @throws DataError (`X_DATA_INVALID`) naming the first record that has other fields.
 */
export function fieldsOf(instances: readonly Instance[], expected?: readonly string[], first = 0): string[] {
  const fields = [...(expected ?? Object.keys(instances[0] ?? {}))];
  instances.forEach((instance, i) => {
    if (!isRecord(instance)) {
      throw new DataError(
        'X_DATA_INVALID',
        `instance ${first + i} is ${describe(instance)}; expected an object with a value per field`,
      );
    }
    const missing = fields.find((name) => instance[name] === undefined);
    if (missing !== undefined) {
      throw new DataError(
        'X_DATA_INVALID',
        `instance ${first + i} lacks the field "${missing}", which others have: ${fields.join(', ')}`,
      );
    }
    const extra = Object.keys(instance).find((name) => !fields.includes(name));
    if (extra !== undefined) {
      throw new DataError(
        'X_DATA_INVALID',
        `instance ${first + i} has the field "${extra}", which others lack: ${fields.join(', ')}`,
      );
    }
  });
  return fields;
}

/**
 * One batch of several fields' entries; those already made are disposed if a later one fails.
 *
 * @throws DataError (`X_DATA_INVALID`) if two fields give one entry, and what `parts` throw.
 */
export function assemble(parts: readonly (() => Record<string, BatchValue>)[]): Batch {
  const batch: Record<string, BatchValue> = {};
  try {
    for (const part of parts) {
      const entries = part();
      const taken = Object.keys(entries).find((name) => name in batch);
      if (taken !== undefined) {
        disposeBatch(entries);
        throw new DataError(
          'X_DATA_INVALID',
          `two fields give the batch entry "${taken}": lists of several lengths bring a mask of that name; ` +
            'rename a field, or set mask to false in the options of the padded one',
        );
      }
      Object.assign(batch, entries);
    }
    return batch;
  } catch (error) {
    disposeBatch(batch);
    throw error;
  }
}

/** @throws DataError (`X_DATA_INVALID`) for options of a field that does not exist. */
export function checkNames(fields: readonly string[], settings: FieldSettings, known: boolean): void {
  const unknown = settings.named.find((name) => !fields.includes(name));
  if (unknown === undefined || !known) return;
  throw new DataError(
    'X_DATA_INVALID',
    `there are options for the field "${unknown}", but the data have ${fields.join(', ')}` +
      (fields.some((name) => maskName(name) === unknown) ? '; a mask has no options of its own' : ''),
  );
}

function isRecords(data: readonly Instance[] | ColumnsData): data is readonly Instance[] {
  return Array.isArray(data);
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function commonSize(columns: readonly (readonly [string, Column])[]): number {
  const sizes = new Set(columns.map(([, column]) => column.size));
  if (sizes.size > 1) {
    const found = columns.map(([name, { size }]) => `${name} ${size}`).join(', ');
    throw new DataError(
      'X_DATA_INVALID',
      `columns must have one value per example, but they have different lengths: ${found}`,
    );
  }
  return columns[0]?.[1].size ?? 0;
}

function rowsOf(columns: readonly (readonly [string, Column])[]): Instance[] {
  const lists = columns.flatMap(([name, { values }]) => (values === undefined ? [] : [[name, values] as const]));
  return Array.from({ length: columns[0]?.[1].size ?? 0 }, (_, i) =>
    Object.fromEntries(lists.map(([name, values]) => [name, values[i]])),
  );
}
