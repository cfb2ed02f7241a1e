import { ConfigError } from '../errors.js';
import type { ConfigProblem } from '../errors.js';
import { copyPlain, isPlain } from './plain-data.js';
import type { RawConfig } from './read-config.js';
import { keyIn } from './spelling.js';

/**
 * A config that says what `preferred` says and, where that says nothing, what `fallback` says.
 *
 * Objects are merged entry by entry; both spellings of a key, snake_case and camelCase, are one. Where the fallback has a
 * list, an object may change single places of it: its keys are their numbers, negative ones from the end. Everything else
 * that is preferred, null and lists too, takes the place of the fallback as a whole. Neither argument is changed.
 *
 * @throws ConfigError (`X_CONFIG_OVERRIDE`) naming every key that is no place in a list.
 */
export function withFallback(preferred: RawConfig, fallback: RawConfig, source = 'the preferred values'): RawConfig {
  const problems: ConfigProblem[] = [];
  const merged = mergeObjects(preferred, fallback, '', problems);
  if (problems.length > 0) throw new ConfigError(problems, source);
  return merged;
}

function merge(preferred: unknown, fallback: unknown, path: string, problems: ConfigProblem[]): unknown {
  if (isPlain(preferred) && isPlain(fallback)) return mergeObjects(preferred, fallback, `${path}.`, problems);
  if (isPlain(preferred) && Array.isArray(fallback)) return mergeList(preferred, fallback, path, problems);
  return copyPlain(preferred);
}

function mergeObjects(preferred: RawConfig, fallback: RawConfig, prefix: string, problems: ConfigProblem[]): RawConfig {
  const merged = copyPlain(fallback) as RawConfig;
  for (const [key, value] of Object.entries(preferred)) {
    const known = keyIn(merged, key);
    merged[known ?? key] =
      known === undefined ? copyPlain(value) : merge(value, merged[known], `${prefix}${key}`, problems);
  }
  return merged;
}

function mergeList(
  preferred: RawConfig,
  fallback: readonly unknown[],
  path: string,
  problems: ConfigProblem[],
): unknown[] {
  const merged = copyPlain(fallback) as unknown[];
  for (const [key, value] of Object.entries(preferred)) {
    const place = placeInList(key, merged.length);
    if (typeof place === 'number') merged[place] = merge(value, merged[place], `${path}.${key}`, problems);
    else problems.push({ code: 'X_CONFIG_OVERRIDE', path: `${path}.${key}`, message: `"${path}" ${place}` });
  }
  return merged;
}

/** The index that `key` means in a list of `length`, negative numbers counting from the end; else what is wrong with it. */
export function placeInList(key: string, length: number): number | string {
  const list = `is a list of ${length}; "${key}"`;
  if (!/^-?\d+$/.test(key)) return `${list} is not a valid place in it, expected a number`;
  const place = Number(key) + (key.startsWith('-') ? length : 0);
  return place >= 0 && place < length ? place : `${list} is out of its bounds`;
}
