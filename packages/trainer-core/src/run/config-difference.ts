import { isPlain } from '../config/plain-data.js';
import type { RawConfig } from '../config/read-config.js';
import { show } from '../config/show.js';
import { camelCase } from '../config/spelling.js';

/** What may be changed when a run goes on. */
const CHANGEABLE = new Set(['trainer.numEpochs', 'trainer.patience']);

/** The differences between a run's config and the one it is to go on with, one line each; none if it may go on. */
export function configDifferences(before: RawConfig, now: RawConfig): string[] {
  const old = flatten(before);
  const current = flatten(now);
  return [...new Set([...old.keys(), ...current.keys()])].sort().flatMap((path) => {
    if (CHANGEABLE.has(path.split('.').map(camelCase).join('.'))) return [];
    if (old.get(path) === current.get(path)) return [];
    return [`${path}: the run has ${shown(old.get(path))}, the config ${shown(current.get(path))}`];
  });
}

/** Leaves by dotted path, as JSON; lists are leaves. */
function flatten(config: RawConfig): Map<string, string> {
  const leaves = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    if (isPlain(value))
      for (const [key, item] of Object.entries(value)) visit(item, path === '' ? key : `${path}.${key}`);
    else if (value !== undefined) leaves.set(path, JSON.stringify(value));
  };
  visit(config, '');
  return leaves;
}

function shown(json: string | undefined): string {
  return json === undefined ? 'nothing' : show(JSON.parse(json));
}
