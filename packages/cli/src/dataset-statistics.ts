import type { Instance } from '@x/trainer-core';

import { formatNumber } from './format.js';

/** What a data set holds, for people: its number of examples, and a line for each field. */
export function datasetStatistics(name: string, instances: readonly Instance[]): string[] {
  const fields = [...new Set(instances.flatMap((instance) => Object.keys(instance)))];
  const width = Math.max(0, ...fields.map((field) => field.length));
  return [
    `${name}: ${instances.length} examples`,
    ...fields.map((field) => {
      const values = instances.flatMap((instance) => (instance[field] === undefined ? [] : [instance[field]]));
      const missing = values.length === instances.length ? '' : `, missing in ${instances.length - values.length}`;
      return `  ${field.padEnd(width)}  ${kindOf(values)}${missing}`;
    }),
  ];
}

function kindOf(values: readonly unknown[]): string {
  if (values.every((value) => typeof value === 'number')) return `numbers from ${range(values)}`;
  if (values.every((value) => typeof value === 'string')) return `strings, ${new Set(values).size} different ones`;
  if (values.every(isList)) return `lists of ${range(values.map(({ length }) => length))} items`;
  return [...new Set(values.map((value) => (isList(value) ? 'list' : typeof value)))].sort().join(' or ');
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);
}

function range(values: readonly number[]): string {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return low === high ? formatNumber(low) : `${formatNumber(low)} to ${formatNumber(high)}`;
}
