import { dirname, resolve } from 'node:path';
import { ConfigError, loadPlugins, readConfig, Registry, resolveEnvironment } from '@x/trainer-core';
import type { Plugin } from '@x/trainer-core';

import { messageOf } from './message-of.js';

/** An entry of a list of plugins, and the folder that it is looked up from. */
export interface ListedPlugin {
  readonly entry: string;
  readonly fromDir: string;
}

/** A plugin that does not load. */
export interface PluginFailure {
  readonly entry: string;
  readonly reason: string;
  readonly error: unknown;
}

/** What came of a list of plugins. */
export interface LoadedPlugins {
  readonly plugins: readonly Plugin[];
  readonly failures: readonly PluginFailure[];
}

/** The plugin of an entry, with its version. */
export async function loadListed({ entry, fromDir }: ListedPlugin): Promise<Plugin> {
  return (await loadPlugins([entry], fromDir)).at(-1)!;
}

/** Loads what can be loaded of a list, and says what cannot. */
export async function loadAll(list: readonly ListedPlugin[]): Promise<LoadedPlugins> {
  const plugins: Plugin[] = [];
  const failures: PluginFailure[] = [];
  for (const listed of list) {
    try {
      plugins.push(await loadListed(listed));
    } catch (error) {
      failures.push({ entry: listed.entry, reason: messageOf(error), error });
    }
  }
  return { plugins, failures };
}

/** The registry of the core and of plugins, each once however often it is listed. */
export async function registryOf(plugins: readonly Plugin[]): Promise<Registry> {
  const all = [...(await loadPlugins([], process.cwd())), ...plugins];
  return new Registry(all.filter(({ provides }, i) => all.findIndex((other) => other.provides === provides) === i));
}

/** What a config file lists under `plugins`. Nothing is loaded. */
export async function pluginsOfConfig(config: string): Promise<ListedPlugin[]> {
  const { plugins: written = [] } = await readConfig(config);
  const { plugins } = resolveEnvironment({ plugins: written }, process.env, config);
  if (!Array.isArray(plugins) || !plugins.every((entry) => typeof entry === 'string')) {
    throw ConfigError.of('X_CONFIG_WRONG_TYPE', 'plugins', 'expected a list of packages, such as ["@x/optim"]', config);
  }
  return plugins.map((entry) => ({ entry, fromDir: resolve(dirname(config)) }));
}

const OPTIONS = ['--plugins', '--include-package'];

/**
 * What the arguments of a command line name with `--plugins a,b` and `--include-package a`, which may come several times:
 * it must be loaded before the command line can be read, because plugins bring commands. Relative to the working directory.
 */
export function pluginsOfArguments(args: readonly string[]): ListedPlugin[] {
  const values = args.flatMap((argument, i) => {
    if (OPTIONS.includes(argument)) return args[i + 1] ?? [];
    const option = OPTIONS.find((name) => argument.startsWith(`${name}=`));
    return option === undefined ? [] : argument.slice(option.length + 1);
  });
  const entries = values.flatMap((value) => value.split(',')).filter((entry) => entry !== '');
  return entries.map((entry) => ({ entry, fromDir: process.cwd() }));
}
