import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { checkNodeVersion, ComponentSpec, Engine, loadPlugins, RunContainer, TrainerError } from '@x/trainer-core';
import type { Registry } from '@x/trainer-core';

import { print } from '../io.js';
import type { Io } from '../io.js';
import { listedPlugins } from '../listed-plugins.js';
import { loadTensorflow } from '../tensorflow.js';

/** Our packages that a config may list. */
const PACKAGES = ['@x/optim', '@x/schedulers', '@x/data', '@x/metrics', '@x/checkpoint', '@x/callbacks-tensorboard'];

/** Says what works here: Node, TensorFlow.js, engines, and plugins; and what to do about the rest. */
export async function doctor(
  config: string | undefined,
  { plugins }: { readonly plugins?: string },
  io: Io,
): Promise<number> {
  const fromDir = config === undefined ? process.cwd() : resolve(dirname(config));
  const node = nodeProblem();
  await loadTensorflow(fromDir);
  print(io, `Node          ${process.version}${node === null ? '' : `: ${node}`}`);
  print(io, `TensorFlow.js ${tf.version_core}, ${backendLine()}`);
  const registry = await listedPlugins(config, plugins);
  const engines = await probeEngines(registry, io);
  print(io, 'Packages');
  for (const name of PACKAGES) print(io, `  ${name.padEnd(26)}${await packageLine(name, fromDir, registry)}`);
  for (const { name, version } of registry.plugins.filter((plugin) => !PACKAGES.includes(plugin.name))) {
    print(io, `  ${name.padEnd(26)}listed${version === undefined ? '' : `, ${version}`}`);
  }
  return node === null && engines > 0 ? 0 : 1;
}

async function probeEngines(registry: Registry, io: Io): Promise<number> {
  print(io, 'Engines');
  let usable = 0;
  for (const registration of registry.all(Engine.kind)) {
    const scope = new RunContainer(registry);
    const engine = scope.build<Engine>(new ComponentSpec<Engine>(registration, registration.schema.parse({})));
    const probe = await engine.probe();
    if (probe.usable) usable += 1;
    print(io, `  ${registration.name.padEnd(26)}${probe.usable ? 'usable' : 'not usable'}: ${probe.reason}`);
    if (probe.advice !== undefined) print(io, `  ${''.padEnd(26)}${probe.advice}`);
  }
  return usable;
}

async function packageLine(name: string, fromDir: string, registry: Registry): Promise<string> {
  const listed = registry.plugins.find((plugin) => plugin.name === name);
  if (listed !== undefined) return `listed${listed.version === undefined ? '' : `, ${listed.version}`}`;
  try {
    createRequire(join(fromDir, '_.js')).resolve(name);
  } catch {
    return `not installed: npm install ${name}`;
  }
  try {
    const [plugin] = await loadPlugins([name], fromDir);
    return `installed${plugin?.version === undefined ? '' : `, ${plugin.version}`}; add "${name}" to "plugins" to use it`;
  } catch (error) {
    return `installed, but does not load: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function nodeProblem(): string | null {
  try {
    checkNodeVersion();
    return null;
  } catch (error) {
    if (error instanceof TrainerError) return error.message;
    throw error;
  }
}

function backendLine(): string {
  const backend = tf.getBackend();
  return backend === '' || backend === undefined ? 'no backend: npm install @tensorflow/tfjs' : `backend ${backend}`;
}
