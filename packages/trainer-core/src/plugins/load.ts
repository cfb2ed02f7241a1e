import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { PluginError } from '../errors.js';
import { messageOf, show } from '../config/show.js';
import { corePlugin } from '../plugin.js';
import { asPlugin } from './plugin.js';
import type { Plugin, PluginLike } from './plugin.js';

/** An entry of a `plugins` list: a package's name, a path relative to the config file, or in code the plugin itself. */
export type PluginEntry = string | PluginLike;

/**
 * The plugins of a run: this package's own, then the listed ones in their order, each once.
 *
 * @param fromDir the folder of the config file, where the search for packages starts.
 * @throws PluginError (`X_PLUGIN_MISSING`, `X_PLUGIN_FAILED`, `X_PLUGIN_NOT_A_PLUGIN`).
 */
export async function loadPlugins(list: readonly PluginEntry[], fromDir: string): Promise<Plugin[]> {
  const plugins: Plugin[] = [withVersion(corePlugin, fileURLToPath(import.meta.url))];
  for (const entry of list) {
    const plugin = typeof entry === 'string' ? await loadPlugin(entry, fromDir) : fromCode(entry);
    if (!plugins.some(({ provides }) => provides === plugin.provides)) plugins.push(plugin);
  }
  return plugins;
}

/** The plugin of one package or file, with the version of its package where it does not say one itself. */
export async function loadPlugin(specifier: string, fromDir: string): Promise<Plugin> {
  if (specifier === corePlugin.name) return corePlugin;
  const file = resolvePlugin(specifier, fromDir);
  const module = await importFile(file, specifier);
  const exported = defaultExport(module);
  const plugin = asPlugin(exported);
  if (plugin === undefined) {
    throw new PluginError(
      'X_PLUGIN_NOT_A_PLUGIN',
      `the default export of "${specifier}" (${file}) is not a plugin: received ${show(exported)}, expected ` +
        'definePlugin({ name, provides: [...] }) or a class with a register decorator',
    );
  }
  return withVersion(plugin, file);
}

function withVersion(plugin: Plugin, file: string): Plugin {
  const version = plugin.version ?? versionOf(file);
  return version === undefined ? plugin : { ...plugin, version };
}

function fromCode(entry: PluginLike): Plugin {
  const plugin = asPlugin(entry);
  if (plugin !== undefined) return plugin;
  throw new PluginError(
    'X_PLUGIN_NOT_A_PLUGIN',
    `the list of plugins holds ${show(entry)}; expected the name of a package, definePlugin({ name, provides: [...] }), or a ` +
      'class with a register decorator',
  );
}

function resolvePlugin(specifier: string, fromDir: string): string {
  try {
    return createRequire(join(fromDir, 'config')).resolve(specifier);
  } catch (error) {
    // require() does not see packages whose `exports` have the "import" condition only
    const file = isPath(specifier) ? undefined : resolveForImport(specifier, fromDir);
    if (file !== undefined) return file;
    throw new PluginError(
      'X_PLUGIN_MISSING',
      isPath(specifier)
        ? `there is no plugin file "${specifier}" (looked from ${fromDir})`
        : `the plugin "${specifier}" is not installed (looked from ${fromDir}): npm install ${packageOf(specifier)}`,
      { cause: error },
    );
  }
}

async function importFile(file: string, specifier: string): Promise<unknown> {
  try {
    // The path of the file's URL names the same module as the whole URL, and loads in test runners too that turn
    // import() into require().
    return (await import(pathToFileURL(file).pathname)) as unknown;
  } catch (error) {
    throw new PluginError(
      'X_PLUGIN_FAILED',
      `the plugin "${specifier}" (${file}) could not be loaded: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** A CommonJS module that was compiled from ESM has its default export one level deeper. */
function defaultExport(module: unknown): unknown {
  const exported = (module as { default?: unknown }).default;
  const isNested = typeof exported === 'object' && exported !== null && 'default' in exported;
  return isNested && asPlugin(exported) === undefined ? exported.default : exported;
}

function isPath(specifier: string): boolean {
  return specifier.startsWith('.') || isAbsolute(specifier);
}

/** The package of `name`, `name/file`, `@scope/name` or `@scope/name/file`. */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** The file that `import` would find, by the package's `exports`. */
function resolveForImport(specifier: string, fromDir: string): string | undefined {
  const name = packageOf(specifier);
  for (let folder = fromDir; ; folder = dirname(folder)) {
    const root = join(folder, 'node_modules', name);
    if (existsSync(join(root, 'package.json'))) {
      const entry = importEntry(readPackage(join(root, 'package.json')).exports, `.${specifier.slice(name.length)}`);
      return entry === undefined ? undefined : join(root, entry);
    }
    if (folder === dirname(folder)) return undefined;
  }
}

/** The target of a sub-path in the `exports` of a package for `import` in Node. */
export function importEntry(exported: unknown, subPath = '.'): string | undefined {
  if (typeof exported === 'string') return subPath === '.' ? exported : undefined;
  if (typeof exported !== 'object' || exported === null) return undefined;
  const isTable = Object.keys(exported).some((key) => key.startsWith('.'));
  const target = isTable ? (exported as Record<string, unknown>)[subPath] : subPath === '.' ? exported : undefined;
  return conditional(target);
}

function conditional(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return undefined;
  for (const [condition, inner] of Object.entries(target)) {
    const found = ['import', 'node', 'module-sync', 'default'].includes(condition) ? conditional(inner) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function versionOf(file: string): string | undefined {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    if (existsSync(path)) return readPackage(path).version;
  }
  return undefined;
}

function readPackage(path: string): { readonly version?: string; readonly exports?: unknown } {
  return JSON.parse(readFileSync(path, 'utf8')) as { version?: string; exports?: unknown };
}
