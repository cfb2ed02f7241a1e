import { dirname, resolve } from 'node:path';

import { advise } from '../config/advise.js';
import { resolveEnvironment } from '../config/environment.js';
import { nullForNone } from '../config/none.js';
import { applyOverrides } from '../config/overrides.js';
import type { OverrideMode, Overrides } from '../config/overrides.js';
import { isPlain } from '../config/plain-data.js';
import { readConfig } from '../config/read-config.js';
import type { RawConfig } from '../config/read-config.js';
import type { RunConfigOptions } from '../config/run-schema.js';
import { validateRun } from '../config/validate-run.js';
import { writtenConfig } from '../config/written-config.js';
import { absolute } from '../config/validate.js';
import type { TrainerCallback } from '../contracts/callbacks.js';
import { Engine } from '../contracts/engine.js';
import { ConfigError } from '../errors.js';
import { ComponentSpec } from '../plugins/component.js';
import type { Part } from '../plugins/component.js';
import { RunContainer } from '../plugins/container.js';
import { loadPlugins } from '../plugins/load.js';
import type { PluginEntry } from '../plugins/load.js';
import type { Plugin, PluginLike } from '../plugins/plugin.js';
import { Registry } from '../plugins/registry.js';
import { ConfigDir, ExtraCallbacks, TheOrigin } from '../plugins/run-tokens.js';
import { RandomStreams, RandomStreamsToken } from '../random/streams.js';
import { defaultPart } from './default-part.js';

/** What a run is prepared from besides its config. */
export interface PrepareOptions {
  /** Plugins besides the listed ones: objects, or single decorated classes. */
  readonly plugins?: readonly PluginLike[] | undefined;
  /** Changes to the config: an object, its JSON5 text, or several one after the other. See {@link applyOverrides}. */
  readonly overrides?: Overrides | readonly Overrides[] | undefined;
  /**
   * Whether an override of a whole entry replaces it (AllenNLP 2.10) or is merged into it (1.0). Default: `replace`, and
   * `merge` where the config says `compatibility: 'allennlp-1'`.
   */
  readonly overrideMode?: OverrideMode | undefined;
  /** Variables for `${NAME}` in the config, and `std.extVar` in Jsonnet, over those of the environment. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** Observers besides those of the config. */
  readonly callbacks?: readonly TrainerCallback[] | undefined;
  /** The folder that relative paths and plugins start from. Default: that of the file, else the working directory. */
  readonly configDir?: string | undefined;
}

/** A config after environment and overrides. */
export interface ResolvedConfig {
  readonly config: RawConfig;
  /** What messages call it: the path of the file, or a description. */
  readonly source: string;
  readonly configDir: string;
}

/** A valid run of which nothing is built yet. */
export interface PreparedRun extends ResolvedConfig {
  /** The validated config. */
  readonly options: RunConfigOptions;
  readonly plugins: readonly Plugin[];
  readonly registry: Registry;
  /** Holds what is known before anything is read or built: the streams, the engine, callbacks. */
  readonly container: RunContainer;
}

/**
 * Reads a config (the path of a file, or an object) and applies environment references and overrides; `"None"` is null in
 * it. Nothing is checked yet.
 *
 * @throws ConfigError
 */
export async function resolveConfig(source: string | object, options: PrepareOptions = {}): Promise<ResolvedConfig> {
  const isFile = typeof source === 'string';
  const name = isFile ? source : 'the configuration';
  const variables = { ...process.env, ...options.variables };
  const written = isFile ? await readConfig(source, variables) : (source as RawConfig);
  const configDir = resolve(options.configDir ?? (isFile ? dirname(source) : '.'));
  const config = nullForNone(overridden(resolveEnvironment(written, variables, name), options));
  return { config, source: name, configDir };
}

/** A config with the overrides that the options have, one after the other. @throws ConfigError (`X_CONFIG_OVERRIDE`) */
export function overridden(config: RawConfig, { overrides = [], overrideMode }: PrepareOptions): RawConfig {
  const { trainer } = config;
  const isFirst = isPlain(trainer) && trainer['compatibility'] === 'allennlp-1';
  const mode = overrideMode ?? (isFirst ? 'merge' : 'replace');
  const changes = Array.isArray(overrides) ? (overrides as readonly Overrides[]) : [overrides as Overrides];
  return changes.reduce<RawConfig>((changed, each) => applyOverrides(changed, each, { mode }), config);
}

/**
 * Reads and checks a config and loads its plugins. Nothing is built, read or written.
 *
 * @throws ConfigError with every problem of the config, PluginError.
 */
export async function prepareRun(source: string | object, options: PrepareOptions = {}): Promise<PreparedRun> {
  return prepareResolved(await resolveConfig(source, options), options);
}

/** As {@link prepareRun}, from a resolved config. */
export async function prepareResolved(resolved: ResolvedConfig, options: PrepareOptions = {}): Promise<PreparedRun> {
  const { config, source, configDir } = resolved;
  const plugins = await loadPlugins([...listedPlugins(config, source), ...(options.plugins ?? [])], configDir);
  const registry = new Registry(plugins);
  const result = validateRun(config, registry);
  if (!result.ok) {
    const names = plugins.map(({ name }) => name);
    throw new ConfigError(absolute(await advise(result.problems, configDir, names), ''), source);
  }
  const container = new RunContainer(registry);
  container.provide(ConfigDir, configDir);
  container.provide(RandomStreamsToken, new RandomStreams(result.value.randomSeed));
  container.provide(ExtraCallbacks, options.callbacks ?? []);
  const versions = versionsOf(plugins);
  container.provide(TheOrigin, { config: writtenConfig(config), versions });
  const run = { ...resolved, options: result.value, plugins, registry, container };
  container.provideComponent(Engine, engineOf(run.options) ?? (await defaultPart(run, Engine)));
  return run;
}

/** Versions of plugins by name. */
export function versionsOf(plugins: readonly Plugin[]): Record<string, string> {
  return Object.fromEntries(plugins.map(({ name, version = 'unknown' }) => [name, version]));
}

/** The engine that a config names, at the top level or under its trainer. */
function engineOf({ engine, trainer }: RunConfigOptions): Part<Engine> | undefined {
  const options: unknown = trainer instanceof ComponentSpec ? trainer.options : {};
  return engine ?? ((isPlain(options) ? options['engine'] : undefined) as Part<Engine> | undefined);
}

/** The list has to be known before anything else of the config can be checked. */
function listedPlugins(config: RawConfig, source: string): readonly PluginEntry[] {
  const { plugins = [] } = config;
  if (Array.isArray(plugins)) return plugins as readonly PluginEntry[];
  throw ConfigError.of('X_CONFIG_WRONG_TYPE', 'plugins', 'expected a list of packages, such as ["@x/optim"]', source);
}
