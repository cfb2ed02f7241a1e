import { advise } from '../config/advise.js';
import { absolute, validate } from '../config/validate.js';
import { ConfigError } from '../errors.js';
import { component, withRegistry } from '../plugins/component.js';
import type { Part } from '../plugins/component.js';
import type { ExtensionPoint } from '../plugins/tokens.js';
import type { PreparedRun } from './prepare-run.js';

/**
 * The default implementation of an extension point, with its default options.
 *
 * @throws ConfigError if no listed plugin provides it.
 */
export async function defaultPart<T>(run: PreparedRun, point: ExtensionPoint<T>): Promise<Part<T>> {
  const result = withRegistry(run.registry, () => validate(component(point), {}));
  if (result.ok) return result.value;
  const listed = run.plugins.map(({ name }) => name);
  throw new ConfigError(absolute(await advise(result.problems, run.configDir, listed), point.kind), run.source);
}
