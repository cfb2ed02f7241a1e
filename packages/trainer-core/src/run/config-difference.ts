import { flattenConfig } from '../config/flat.js';
import type { RawConfig } from '../config/read-config.js';
import { show } from '../config/show.js';
import { camelCase } from '../config/spelling.js';
import { isPlain } from '../config/plain-data.js';

/** What may be changed when a run goes on. An engine that computes otherwise is refused by the checkpoint, which records it. */
const CHANGEABLE =
  /^(trainer\.(numEpochs|patience|detectAnomaly|nonFinite(\..*)?|checkpointer\.(?!(store|type)\b).*)|(trainer\.)?engine(\..*)?)$/;

/** The same, for messages. */
export const CHANGEABLE_IN_WORDS =
  'only numEpochs, patience, nonFinite, detectAnomaly, the choice of the engine, and which checkpoints are saved and kept may change';

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
    const [place, had, has] = firstDifference((is ?? was!).written, was?.value, is?.value);
    return [`${place}: the run has ${show(had)}, the config ${show(has)}`];
  });
}

/** Of lists the item that differs: a message shows only the start of a long one. */
function firstDifference(place: string, was: unknown, is: unknown): [string, unknown, unknown] {
  if (!Array.isArray(was) || !Array.isArray(is)) return [place, was, is];
  let i = 0;
  while (i < was.length && JSON.stringify(sorted(was[i])) === JSON.stringify(sorted(is[i]))) i += 1;
  return firstDifference(`${place}.${i}`, was[i], is[i]);
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
