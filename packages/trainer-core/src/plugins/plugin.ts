import type { AnyClass } from './describe.js';
import { descriptorsOf } from './describe.js';
import { PluginError } from '../errors.js';

const PLUGIN = Symbol.for('@x/trainer-core:plugin');

/** A package's list of what it provides. */
export interface Plugin {
  /** The package's name, as npm knows it: it is what error messages tell users to install. */
  readonly name: string;
  readonly version?: string;
  /** Classes decorated with the `register` of an extension point. */
  readonly provides: readonly AnyClass[];
  /** Those of them that may take the name of a class of an earlier plugin, which is an error otherwise. Default: none. */
  readonly replaces?: readonly AnyClass[];
}

/**
 * The default export of a plugin package.
 *
 * @throws PluginError (`X_PLUGIN_NOT_A_PLUGIN`) if a listed class was never registered.
 */
export function definePlugin(plugin: Plugin): Plugin {
  const bare = plugin.provides.find((target) => descriptorsOf(target).length === 0);
  if (bare !== undefined) {
    throw new PluginError(
      'X_PLUGIN_NOT_A_PLUGIN',
      `${plugin.name} lists the class ${bare.name}, which no decorator registers; put @Optimizer.register('name', Options) ` +
        '(or that of another extension point) above it',
    );
  }
  return Object.freeze({ ...plugin, [PLUGIN]: true });
}

/** What a `plugins` list may hold in code: a plugin, or a single decorated class. */
export type PluginLike = Plugin | AnyClass;

/** The plugin that `value` is or, for a single decorated class, stands for; undefined for anything else. */
export function asPlugin(value: unknown): Plugin | undefined {
  if (typeof value === 'object' && value !== null && PLUGIN in value) return value as unknown as Plugin;
  if (descriptorsOf(value).length > 0)
    return definePlugin({ name: (value as AnyClass).name, provides: [value as AnyClass] });
  return undefined;
}
