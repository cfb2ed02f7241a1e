import { ConfigError } from '../errors.js';
import type { ConfigProblem } from '../errors.js';
import { copyPlain, isPlain } from './plain-data.js';
import type { RawConfig } from './read-config.js';
import { show } from './show.js';
import { keyIn } from './spelling.js';

/**
 * The leaves of a config by dotted path: `{ trainer: { numEpochs: 3 } }` becomes `{ 'trainer.numEpochs': 3 }`. Lists are
 * leaves; objects without entries vanish.
 */
export function flattenConfig(config: RawConfig): RawConfig {
  const leaves: RawConfig = {};
  const visit = (value: unknown, path: string): void => {
    if (!isPlain(value)) leaves[path] = value;
    else for (const [key, item] of Object.entries(value)) visit(item, path === '' ? key : `${path}.${key}`);
  };
  visit(config, '');
  return leaves;
}

/**
 * The config with entries at dotted paths: the inverse of {@link flattenConfig}. An object that stands at a path may be
 * extended by later, longer paths.
 *
 * @throws ConfigError (`X_CONFIG_OVERRIDE`) naming every path that lies below a value that is no object, or is there
 * already (in either spelling).
 */
export function unflattenConfig(flat: RawConfig, source = 'the flattened configuration'): RawConfig {
  const result: RawConfig = {};
  const problems: ConfigProblem[] = [];
  for (const [path, value] of Object.entries(flat)) {
    const message = insert(result, path.split('.'), copyPlain(value));
    if (message !== undefined) problems.push({ code: 'X_CONFIG_OVERRIDE', path, message });
  }
  if (problems.length > 0) throw new ConfigError(problems, source);
  return result;
}

/** Adds one entry, or returns what is in its way. */
function insert(root: RawConfig, segments: readonly string[], value: unknown): string | undefined {
  let at = root;
  for (const [depth, segment] of segments.entries()) {
    const key = keyIn(at, segment);
    if (depth === segments.length - 1) {
      if (key !== undefined) return 'is given twice, or lies above another path; keep one of them';
      at[segment] = value;
      return undefined;
    }
    const below = key === undefined ? (at[segment] = {}) : at[key];
    if (!isPlain(below)) {
      return `lies below "${segments.slice(0, depth + 1).join('.')}", which is given as ${show(below)}; keep one of them`;
    }
    at = below;
  }
  return undefined;
}
