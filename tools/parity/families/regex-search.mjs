import { searchPattern } from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { expectError } from '../lib/errors.mjs';

/** regex_search.json: patterns of configs, searched in names. */
export function cases({ cases: all }) {
  return all.map((fixture) => ({
    name: `${JSON.stringify(fixture.pattern)} in ${JSON.stringify(fixture.string)}`,
    fixture,
    run: () => searchCase(fixture),
  }));
}

function searchCase({ pattern, string, error, ok }) {
  const search = () => searchPattern(pattern).test(string);
  if (error !== undefined) return expectError(error, search);
  compare(ok, search(), 'ok', 0);
}
