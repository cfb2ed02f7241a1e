import JSON5 from 'json5';

import { ConfigError } from '../errors.js';
import type { ConfigProblem } from '../errors.js';
import { unflattenConfig } from './flat.js';
import { copyPlain, isPlain } from './plain-data.js';
import type { RawConfig } from './read-config.js';
import { show } from './show.js';
import { camelCase, keyIn, nearestName } from './spelling.js';
import { placeInList, withFallback } from './with-fallback.js';

const SOURCE = 'the overrides';

/** Overrides as code or a command line gives them: an object, or its JSON5 text. */
export type Overrides = string | Readonly<Record<string, unknown>>;

/** How overrides act. */
export interface OverrideOptions {
  /**
   * What a key without dots does to an entry that is there: `replace` puts the new value in its place, and dotted keys
   * must name what is there; `merge` keeps those fields of an object that the override does not name, and makes what is
   * not there. AllenNLP 2.10 replaces, 1.0 merges. Default `replace`.
   */
  readonly mode?: OverrideMode | undefined;
}

/** See {@link OverrideOptions}. */
export type OverrideMode = 'replace' | 'merge';

/**
 * A copy of `config` with some values replaced. A key without dots concerns a whole entry; a dotted one
 * (`trainer.numEpochs`, with numbers for places in lists, negative ones from the end) changes a single field of what is
 * there. Both spellings of a key, snake_case and camelCase, find it.
 *
 * @throws ConfigError (`X_CONFIG_OVERRIDE`) for text that is no object, a path into what is not there, and two overrides
 * of one place.
 */
export function applyOverrides(
  config: RawConfig,
  overrides: Overrides,
  { mode = 'replace' }: OverrideOptions = {},
): RawConfig {
  const values = typeof overrides === 'string' ? parseOverrides(overrides) : overrides;
  return mode === 'merge' ? withFallback(unflattenConfig(values, SOURCE), config, SOURCE) : replace(config, values);
}

function replace(config: RawConfig, values: RawConfig): RawConfig {
  const result = copyPlain(config) as RawConfig;
  const problems: ConfigProblem[] = [];
  const places: { readonly key: string; readonly path: string }[] = [];
  const paths = Object.keys(values).map((key) => ({ key, segments: key.split('.') }));
  for (const { key, segments } of paths) {
    const canonical = segments.map(camelCase).join('.');
    const taken = places.find(({ path }) => isWithin(canonical, path) || isWithin(path, canonical));
    places.push({ key, path: canonical });
    const message =
      taken === undefined
        ? set(result, segments, copyPlain(values[key]))
        : `changes the same place as the override "${taken.key}"; keep one of them`;
    if (message !== undefined) problems.push({ code: 'X_CONFIG_OVERRIDE', path: key, message });
  }
  if (problems.length > 0) throw new ConfigError(problems, SOURCE);
  return result;
}

function parseOverrides(text: string): RawConfig {
  if (text === '') return {};
  let value: unknown;
  try {
    value = JSON5.parse(text);
  } catch (error) {
    throw ConfigError.of(
      'X_CONFIG_OVERRIDE',
      '',
      `cannot be parsed as JSON5: ${(error as Error).message.replace('JSON5: ', '')}`,
      SOURCE,
    );
  }
  if (isPlain(value)) return value;
  throw ConfigError.of(
    'X_CONFIG_OVERRIDE',
    '',
    `should be an object such as {"trainer.numEpochs": 3}, received ${show(value)}`,
    SOURCE,
  );
}

/** Sets one place, or returns what is wrong with its path. */
function set(root: RawConfig, segments: readonly string[], value: unknown): string | undefined {
  let at: unknown = root;
  for (const [depth, segment] of segments.entries()) {
    const where = depth === 0 ? 'the config' : `"${segments.slice(0, depth).join('.')}"`;
    const isLast = depth === segments.length - 1;
    if (Array.isArray(at)) {
      const place = placeInList(segment, at.length);
      if (typeof place === 'string') return `${where} ${place}`;
      if (isLast) at[place] = value;
      else at = at[place];
    } else if (isPlain(at)) {
      const key = keyIn(at, segment);
      if (isLast) at[key ?? segment] = value;
      else if (key === undefined) return `${where} has no "${segment}"${hint(segment, Object.keys(at))}`;
      else at = at[key];
    } else {
      const parent = segments.slice(0, depth).join('.');
      const whole =
        typeof at === 'string' ? `; give the whole entry, {"${parent}": {"type": ${JSON.stringify(at)}, ...}}` : '';
      return `${where} is ${show(at)}, which has no fields${whole}`;
    }
  }
  return undefined;
}

function hint(segment: string, known: readonly string[]): string {
  const nearest = nearestName(segment, known);
  return nearest === undefined ? '; add it as a whole entry first' : `; did you mean "${nearest}"?`;
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`);
}
