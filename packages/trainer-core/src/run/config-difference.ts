import { flattenConfig } from '../config/flat.js';
import type { RawConfig } from '../config/read-config.js';
import { show } from '../config/show.js';
import { camelCase } from '../config/spelling.js';
import { isPlain } from '../config/plain-data.js';

/** What may be changed when a run goes on. */
const CHANGEABLE = /^(trainer\.(numEpochs|patience|detectAnomaly|nonFinite(\..*)?)|(trainer\.)?engine(\..*)?)$/;

/**
 * The differences between a run's config and the one it is to go on with, one line each; none if it may go on. The order
 * of keys and the spelling of a key make no difference.
 */
export function configDifferences(before: RawConfig, now: RawConfig): string[] {
  const old = leavesOf(before);
  const current = leavesOf(now);
  return [...new Set([...old.keys(), ...current.keys()])].sort().flatMap((path) => {
    const [was, is] = [old.get(path), current.get(path)];
    if (CHANGEABLE.test(path) || was?.text === is?.text) return [];
    const { written } = is ?? was!;
    return [`${written}: the run has ${show(was?.value)}, the config ${show(is?.value)}`];
  });
}

interface Leaf {
  /** The path as the config spells it. */
  readonly written: string;
  readonly value: unknown;
  /** The same for equal values. */
  readonly text: string;
}

/** The leaves by path in camelCase. */
function leavesOf(config: RawConfig): Map<string, Leaf> {
  const leaves = Object.entries(flattenConfig(config)).map(([written, value]) => {
    return [camelCasePath(written), { written, value, text: JSON.stringify(sorted(value)) }] as const;
  });
  return new Map(leaves);
}

function camelCasePath(path: string): string {
  return path.split('.').map(camelCase).join('.');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isPlain(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [camelCase(key), sorted(item)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
