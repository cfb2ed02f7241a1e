import { absolute, validate } from '../config/validate.js';
import { ConfigError } from '../errors.js';
import { component, withRegistry } from './component.js';
import type { ComponentConfig, Part } from './component.js';
import type { Registry } from './registry.js';
import type { ExtensionPoint } from './tokens.js';

/**
 * What a config says of one component, checked: the first half of building it from plain code, for tests of a plugin and
 * the like. {@link RunContainer.build} is the other half.
 *
 * @param path where the component stands, for messages.
 * @throws ConfigError with every problem.
 */
export function parseComponent<T>(
  point: ExtensionPoint<T>,
  config: ComponentConfig | T,
  registry: Registry,
  path = '',
): Part<T> {
  const result = withRegistry(registry, () => validate(component(point), config));
  if (result.ok) return result.value;
  throw new ConfigError(absolute(result.problems, path), `the configuration of the ${point.kind}`);
}
