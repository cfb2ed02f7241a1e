import type { z } from 'zod';

import { DataLoader } from '../contracts/data-loader.js';
import type { ModelLike } from '../contracts/model.js';
import { parseOptions } from '../config/validate.js';
import { coreComponents } from '../core-components.js';
import { PluginError } from '../errors.js';
import type { ComponentSpec, LazyPart } from '../plugins/component.js';
import { withRegistry } from '../plugins/component.js';
import { RunContainer } from '../plugins/container.js';
import { asPlugin, definePlugin } from '../plugins/plugin.js';
import type { Plugin, PluginLike } from '../plugins/plugin.js';
import { Registry } from '../plugins/registry.js';
import { ExtraCallbacks, SerializationDir, TheModel, TheOrigin, ValidationDataLoader } from '../plugins/run-tokens.js';
import { tokenOf } from '../plugins/tokens.js';
import { RandomStreamsToken } from '../random/streams.js';
import { assembleParts } from './assemble.js';
import { GradientDescentOptions } from './gradient-descent-options.js';
import type {
  GradientDescentConfig,
  GradientDescentTrainerOptions,
  PartialObjects,
} from './gradient-descent-options.js';

type Output = z.output<typeof GradientDescentOptions>;
type BuiltPart<F> = F extends readonly (infer E)[] ? BuiltPart<E>[] : Exclude<F, ComponentSpec | LazyPart>;

/** The options with every part built: what the constructor works with. */
export type BuiltParts = {
  [K in keyof Output]: K extends 'model' | 'dataLoader' | 'validationDataLoader' ? Output[K] : BuiltPart<Output[K]>;
};

/** Checks the constructor's options and fills in the defaults. @throws ConfigError */
export function builtParts(options: GradientDescentTrainerOptions): BuiltParts {
  return parseOptions(GradientDescentOptions, options, 'GradientDescentTrainer') as BuiltParts;
}

/** Builds the parts from partial objects, in plain code. */
export function partsFromPartialObjects(
  options: PartialObjects,
  plugins: readonly PluginLike[],
): GradientDescentTrainerOptions {
  const core = definePlugin({ name: '@x/trainer-core', provides: coreComponents });
  const registry = new Registry([core, ...plugins.map(pluginOf)]);
  const validated = withRegistry(registry, () =>
    parseOptions(GradientDescentOptions, options, 'GradientDescentTrainer'),
  );
  const run = new RunContainer(registry);
  run.provide(TheModel, validated.model);
  return assembleParts(validated, run);
}

/** Builds the parts from the `trainer` entry of a config and the parts that the run holds already. */
export function partsFromConfig(
  options: z.output<typeof GradientDescentConfig>,
  run: RunContainer,
): GradientDescentTrainerOptions {
  const callbacks = run.has(ExtraCallbacks) ? run.get(ExtraCallbacks) : [];
  return assembleParts(
    {
      ...options,
      callbacks: [...options.callbacks, ...callbacks],
      model: run.get<ModelLike>(TheModel),
      dataLoader: run.get(tokenOf(DataLoader)),
      validationDataLoader: run.has(ValidationDataLoader) ? run.get(ValidationDataLoader) : null,
      serializationDir: run.has(SerializationDir) ? run.get(SerializationDir) : null,
      localRank: 0,
      origin: run.has(TheOrigin) ? run.get(TheOrigin) : null,
      seed: run.get(RandomStreamsToken).seed,
    },
    run,
  );
}

function pluginOf(value: PluginLike): Plugin {
  const plugin = asPlugin(value);
  if (plugin !== undefined) return plugin;
  throw new PluginError(
    'X_PLUGIN_NOT_A_PLUGIN',
    `expected a plugin (the default export of a plugin package) or a decorated class, received ${typeof value}`,
  );
}
