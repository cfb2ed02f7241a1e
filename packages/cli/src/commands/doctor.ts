import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import {
  checkNodeVersion,
  ComponentSpec,
  Engine,
  KNOWN_PACKAGES,
  parseOptions,
  RunContainer,
  TrainerError,
} from '@x/trainer-core';
import type { Registration, Registry } from '@x/trainer-core';

import { print } from '../io.js';
import type { Io } from '../io.js';
import { loadAll, loadListed, pluginsOfConfig, registryOf } from '../listed-plugins.js';
import type { ListedPlugin, LoadedPlugins } from '../listed-plugins.js';
import { messageOf } from '../message-of.js';
import { loadTensorflow } from '../tensorflow.js';

/** Our packages that a config may list. */
const PACKAGES = new Set(Object.values(KNOWN_PACKAGES).flat());

/** Those of them that provide engines. */
const ENGINES = KNOWN_PACKAGES[Engine.kind] ?? [];

/** Device numbers that engines are asked about. */
const DEVICES = [0, 1, 2, 3, 4, 5, 6, 7];

/**
 * Says what works here: Node, TensorFlow.js, plugins, and engines; and what to do about the rest.
 *
 * @returns the exit status: 1 if Node is too old, a listed plugin does not load, or no engine is usable.
 */
export async function doctor(config: string | undefined, named: LoadedPlugins, io: Io): Promise<number> {
  const fromDir = config === undefined ? process.cwd() : resolve(dirname(config));
  const list = config === undefined ? [] : await pluginsOfConfig(config);
  await loadTensorflow(fromDir);
  const node = failureOf(() => checkNodeVersion());
  print(io, `Node          ${process.version}${node === null ? '' : `: ${node}`}`);
  print(io, `TensorFlow.js ${tf.version_core}, ${backendLine()}`);
  const ofConfig = await loadAll(list);
  const failures = [...ofConfig.failures, ...named.failures];
  const registry = await registryOf([...ofConfig.plugins, ...named.plugins]);
  print(io, 'Engines');
  let usable = 0;
  for (const registration of registry.all(Engine.kind)) {
    if (await probe(registration, registry, io)) usable += 1;
  }
  const missing = ENGINES.filter((name) => !registry.plugins.some((listed) => listed.name === name));
  await probeUnlisted(
    missing.map((entry) => ({ entry, fromDir })),
    registry,
    io,
  );
  print(io, 'Packages');
  for (const { name, version } of registry.plugins) print(io, row(name, `listed${withVersion(version)}`));
  for (const { entry, reason } of failures) print(io, row(entry, `listed, but not usable: ${reason}`));
  const mentioned = [...registry.plugins.map(({ name }) => name), ...failures.map(({ entry }) => entry)];
  for (const name of [...PACKAGES].filter((known) => !mentioned.includes(known))) {
    print(io, row(name, await unlistedPackage({ entry: name, fromDir })));
  }
  return node === null && failures.length === 0 && usable > 0 ? 0 : 1;
}

async function probe(registration: Registration, registry: Registry, io: Io): Promise<boolean> {
  const scope = new RunContainer(registry);
  try {
    const options = parseOptions(registration.schema, {}, `the engine "${registration.name}"`);
    const engine = scope.build<Engine>(new ComponentSpec<Engine>(registration, options));
    const { usable, reason, advice } = await engine.probe();
    print(io, row(registration.name, `${usable ? 'usable' : 'not usable'}: ${reason}`));
    if (advice !== undefined) print(io, row('', advice));
    const numbered = DEVICES.filter((device) => engine.supportsDevice(device));
    if (usable) {
      const others = numbered.length === 0 ? 'it has no numbered devices' : `and ${numbered.join(', ')}`;
      print(io, row('', `cudaDevice: -1 (where the backend runs), ${others}`));
    }
    return usable;
  } catch (error) {
    print(io, row(registration.name, `not usable: ${messageOf(error)}`));
    return false;
  } finally {
    scope.dispose();
  }
}

/** Asks the engines of packages that are installed, but that no list of plugins names. */
async function probeUnlisted(packages: readonly ListedPlugin[], listed: Registry, io: Io): Promise<void> {
  const { plugins } = await loadAll(packages);
  const registry = await registryOf([...listed.plugins, ...plugins]);
  for (const registration of registry.all(Engine.kind)) {
    if (listed.find(Engine.kind, registration.name) !== undefined) continue;
    await probe(registration, registry, io);
    print(io, row('', `for runs whose "plugins" list "${registration.plugin}"`));
  }
}

async function unlistedPackage(candidate: ListedPlugin): Promise<string> {
  const { entry, fromDir } = candidate;
  try {
    createRequire(join(fromDir, '_.js')).resolve(entry);
  } catch {
    return `not installed: npm install ${entry}`;
  }
  try {
    const { version } = await loadListed(candidate);
    return `installed${withVersion(version)}; add "${entry}" to "plugins" to use it`;
  } catch (error) {
    return `installed, but does not load: ${messageOf(error)}`;
  }
}

function failureOf(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof TrainerError) return error.message;
    throw error;
  }
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(26)}${text}`;
}

function withVersion(version: string | undefined): string {
  return version === undefined ? '' : `, ${version}`;
}

function backendLine(): string {
  const backend = tf.getBackend();
  return backend === '' || backend === undefined ? 'no backend: npm install @tensorflow/tfjs' : `backend ${backend}`;
}
