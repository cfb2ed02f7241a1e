import { dirname, resolve } from 'node:path';
import { ConfigError, loadPlugins, readConfig, Registry, resolveEnvironment } from '@x/trainer-core';
import type { Plugin } from '@x/trainer-core';

/** An entry of a list of plugins, and the folder that it is looked up from. */
export interface ListedPlugin {
  readonly entry: string;
  readonly fromDir: string;
}

/** What a config file lists under `plugins`, and what `--plugins a,b` names. Nothing is loaded. */
export async function pluginList(config: string | undefined, named = ''): Promise<ListedPlugin[]> {
  const fromOption = named.split(',').filter((name) => name !== '');
  return [
    ...(config === undefined ? [] : await pluginsOfConfig(config)),
    ...fromOption.map((entry) => ({ entry, fromDir: process.cwd() })),
  ];
}

/** The plugin of an entry, with its version. */
export async function loadListed({ entry, fromDir }: ListedPlugin): Promise<Plugin> {
  return (await loadPlugins([entry], fromDir)).at(-1)!;
}

/** The registry of the core and of plugins, each once however often it is listed. */
export async function registryOf(plugins: readonly Plugin[]): Promise<Registry> {
  const all = [...(await loadPlugins([], process.cwd())), ...plugins];
  return new Registry(all.filter(({ provides }, i) => all.findIndex((other) => other.provides === provides) === i));
}

/** The plugins that a config file lists and those of `--plugins a,b`, as a registry. */
export async function listedPlugins(config: string | undefined, named?: string): Promise<Registry> {
  const plugins: Plugin[] = [];
  for (const listed of await pluginList(config, named)) plugins.push(await loadListed(listed));
  return registryOf(plugins);
}

async function pluginsOfConfig(config: string): Promise<ListedPlugin[]> {
  const { plugins: written = [] } = await readConfig(config);
  const { plugins } = resolveEnvironment({ plugins: written }, process.env, config);
  if (!Array.isArray(plugins) || !plugins.every((entry) => typeof entry === 'string')) {
    throw ConfigError.of('X_CONFIG_WRONG_TYPE', 'plugins', 'expected a list of packages, such as ["@x/optim"]', config);
  }
  return plugins.map((entry) => ({ entry, fromDir: resolve(dirname(config)) }));
}
