import { dirname, resolve } from 'node:path';
import { corePlugin, loadPlugins, readConfig, Registry } from '@x/trainer-core';
import type { PluginEntry } from '@x/trainer-core';

/** The plugins that a config file lists and those of `--plugins a,b`, as a registry. */
export async function listedPlugins(config: string | undefined, named = ''): Promise<Registry> {
  const fromConfig = config === undefined ? [] : ((await readConfig(config))['plugins'] ?? []);
  const fromDir = config === undefined ? process.cwd() : resolve(dirname(config));
  const listed = await loadPlugins(Array.isArray(fromConfig) ? (fromConfig as PluginEntry[]) : [], fromDir);
  const extra = await loadPlugins(
    named.split(',').filter((name) => name !== ''),
    process.cwd(),
  );
  const unique = new Map([corePlugin, ...listed, ...extra].map((plugin) => [plugin.name, plugin]));
  return new Registry([...unique.values()]);
}
