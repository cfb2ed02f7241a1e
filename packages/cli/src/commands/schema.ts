import { configJsonSchema } from '@x/trainer-core';
import type { Plugin } from '@x/trainer-core';

import { print } from '../io.js';
import type { Io } from '../io.js';
import { loadListed, pluginsOfConfig, registryOf } from '../listed-plugins.js';

/** Prints the JSON Schema of a config with exactly the listed plugins, for editors. */
export async function schema(config: string | undefined, plugins: readonly Plugin[], io: Io): Promise<void> {
  const listed: Plugin[] = [];
  for (const entry of config === undefined ? [] : await pluginsOfConfig(config)) listed.push(await loadListed(entry));
  print(io, JSON.stringify(configJsonSchema(await registryOf([...listed, ...plugins])), null, 2));
}
