import { isPlain } from './plain-data.js';
import type { RawConfig } from './read-config.js';
import { camelCase } from './spelling.js';

/** Keys that come first, by the original's lists: in each list the named ones before all others. */
const PREFERENCES: readonly (readonly string[])[] = [
  [
    'datasetReader',
    'iterator',
    'model',
    'trainDataPath',
    'validationDataPath',
    'testDataPath',
    'trainer',
    'vocabulary',
  ],
  ['type'],
];

/**
 * A config as `config.json` holds it: plain JSON, in the original's order of keys. At every depth the keys of the first
 * list come first, in its order, then those of the next list, then all others by name. Lists, and objects in them, stay
 * as they are. Instances that code put into the config are named, not written.
 *
 * @param preferences lists of keys in either spelling. Default: data sets, model and paths, then `type`.
 */
export function writtenConfig(config: RawConfig, preferences: readonly (readonly string[])[] = PREFERENCES): RawConfig {
  return inOrder(plainJson(config), preferences) as RawConfig;
}

function inOrder(value: unknown, preferences: readonly (readonly string[])[]): unknown {
  if (!isPlain(value)) return value;
  const lists = preferences.map((list) => list.map(camelCase));
  const places = (key: string): number[] =>
    lists.map((list) => (list.includes(camelCase(key)) ? list.indexOf(camelCase(key)) : list.length));
  const entries = Object.entries(value).map(([key, item]) => ({ key, item, at: places(key) }));
  entries.sort((a, b) => firstDifference(a.at, b.at) || (a.key < b.key ? -1 : 1));
  return Object.fromEntries(entries.map(({ key, item }) => [key, inOrder(item, preferences)]));
}

function firstDifference(a: readonly number[], b: readonly number[]): number {
  return a.map((place, i) => place - b[i]!).find((difference) => difference !== 0) ?? 0;
}

function plainJson(config: RawConfig): RawConfig {
  const text = JSON.stringify(config, (_, value: unknown) => {
    if (typeof value === 'function') return `[${value.name}]`;
    const isInstance = typeof value === 'object' && value !== null && !Array.isArray(value) && !isPlain(value);
    return isInstance ? `[${value.constructor.name}]` : value;
  });
  return JSON.parse(text) as RawConfig;
}
