import type { z } from 'zod';

import type { Problem } from './problem.js';
import { definitionOf, keysOf, pointOf, unwrap } from './schema.js';
import { camelCase } from './spelling.js';

/**
 * Renames the original's snake_case keys to ours where, and only where, the schema knows the key in camelCase: keys of
 * records and of data are never touched. Components rename their own keys when they are validated.
 */
export function acceptSnakeCase(schema: z.core.$ZodType, value: unknown): { value: unknown; problems: Problem[] } {
  const problems: Problem[] = [];
  return { value: rename(schema, value, [], problems), problems };
}

function rename(schema: z.core.$ZodType, value: unknown, path: readonly PropertyKey[], problems: Problem[]): unknown {
  if (value === null || typeof value !== 'object') return value;
  const inner = unwrap(schema);
  if (pointOf(inner) !== undefined) return value;
  const { shape, element, items, valueType, options } = definitionOf(inner);
  if (Array.isArray(value)) {
    const list = options?.find((option) => arrayElement(option) !== undefined);
    if (list !== undefined) return rename(list, value, path, problems);
    return value.map((item: unknown, i) => {
      const at = items?.[i] ?? element;
      return at === undefined ? item : rename(at, item, [...path, i], problems);
    });
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value);
  if (shape !== undefined) {
    const result: Record<string, unknown> = {};
    for (const [key, item] of entries) {
      const name = key in shape ? key : camelCase(key) in shape ? camelCase(key) : key;
      if (name !== key && (name in value || name in result)) {
        problems.push({
          code: 'X_CONFIG_TWO_SPELLINGS',
          path: [...path, key],
          message: `"${key}" and "${name}" are two spellings of one key; keep one of them`,
        });
        continue;
      }
      const field = shape[name];
      result[name] = field === undefined ? item : rename(field, item, [...path, name], problems);
    }
    return result;
  }
  if (valueType !== undefined) {
    return Object.fromEntries(entries.map(([key, item]) => [key, rename(valueType, item, [...path, key], problems)]));
  }
  const alternative = bestAlternative(options ?? [], Object.keys(value));
  return alternative === undefined ? value : rename(alternative, value, path, problems);
}

/** Of several object schemas, the one that knows most of the keys. */
function bestAlternative(options: readonly z.core.$ZodType[], keys: readonly string[]): z.core.$ZodType | undefined {
  const score = (option: z.core.$ZodType): number => {
    const known = keysOf(option);
    return keys.filter((key) => known.includes(camelCase(key))).length;
  };
  return options
    .filter((option) => definitionOf(unwrap(option)).shape !== undefined)
    .reduce<z.core.$ZodType | undefined>(
      (best, next) => (best === undefined || score(next) > score(best) ? next : best),
      undefined,
    );
}

function arrayElement(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  return definitionOf(unwrap(schema)).element;
}
