import type { Instance } from '@x/trainer-core';
import { DataError } from '@x/trainer-core';

import { describe } from '../nested-numbers.js';

/** How often each token was seen, by namespace; tokens in the order in which they first appeared. */
export type TokenCounts = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The namespaces of fields, by field name. */
export type Namespaces = Readonly<Record<string, string>>;

/**
 * Counts the tokens of the fields that have a namespace: strings, and lists of strings of any depth.
 *
 * @throws DataError (`X_DATA_INVALID`) naming the instance and the field, for anything else; and for a field that no
 *   instance has.
 */
export function countTokens(instances: readonly Instance[], namespaces: Namespaces): TokenCounts {
  const namespaceOf = new Map(Object.entries(namespaces));
  const counts = new Map<string, Map<string, number>>(Object.values(namespaces).map((name) => [name, new Map()]));
  const unseen = new Set(namespaceOf.keys());
  instances.forEach((instance, i) => {
    for (const [field, value] of Object.entries(instance)) {
      const namespace = namespaceOf.get(field);
      if (namespace === undefined) continue;
      unseen.delete(field);
      eachToken(value, `instance ${i}: field "${field}"`, (token) => {
        const seen = counts.get(namespace)!;
        seen.set(token, (seen.get(token) ?? 0) + 1);
      });
    }
  });
  const [missing] = unseen;
  if (missing === undefined || instances.length === 0) return counts;
  throw new DataError(
    'X_DATA_INVALID',
    `the field "${missing}" has the vocabulary namespace "${namespaceOf.get(missing)}", but no instance has the field; ` +
      `instance 0 has ${Object.keys(instances[0]!).join(', ')}; correct the dataset reader's \`namespaces\``,
  );
}

function eachToken(value: unknown, place: string, take: (token: string) => void): void {
  if (typeof value === 'string') take(value);
  else if (Array.isArray(value)) for (const item of value) eachToken(item, place, take);
  else {
    throw new DataError(
      'X_DATA_INVALID',
      `${place} has a vocabulary namespace and holds ${describe(value)}; expected strings`,
    );
  }
}
