import { configJsonSchema } from '@x/trainer-core';

import { print } from '../io.js';
import type { Io } from '../io.js';
import { listedPlugins } from '../listed-plugins.js';

/** Prints the JSON Schema of a config with exactly the listed plugins, for editors. */
export async function schema(
  config: string | undefined,
  { plugins }: { readonly plugins?: string },
  io: Io,
): Promise<void> {
  print(io, JSON.stringify(configJsonSchema(await listedPlugins(config, plugins)), null, 2));
}
