import type { Command as CommanderCommand } from 'commander';
import { Command, ComponentSpec, parseOptions, PluginError, RunContainer } from '@x/trainer-core';
import type { Registry } from '@x/trainer-core';

import { print } from './io.js';
import type { Io } from './io.js';

/**
 * Adds the commands that plugins bring. `finish` takes their exit status.
 *
 * @throws PluginError (`X_PLUGIN_DUPLICATE_NAME`) if there is a command of that name already.
 */
export function addPluginCommands(
  program: CommanderCommand,
  registry: Registry,
  io: Io,
  finish: (status: number) => void,
): void {
  const run = new RunContainer(registry);
  for (const registration of registry.all(Command.kind)) {
    const options = parseOptions(registration.schema, {}, `the command "${registration.name}"`);
    const command = run.build<Command>(new ComponentSpec<Command>(registration, options));
    if (program.commands.some((other) => other.name() === command.name)) {
      throw new PluginError(
        'X_PLUGIN_DUPLICATE_NAME',
        `${registration.plugin} brings the command "${command.name}", but x-train has one of that name already; leave that ` +
          'plugin out of --plugins, or rename its command',
      );
    }
    const added = program.command(command.name).description(`${command.description} (from ${registration.plugin})`);
    for (const argument of command.arguments) added.argument(argument);
    for (const { flags, description, default: value } of command.options) added.option(flags, description, value);
    added.action(async () => {
      const status = await command.run({
        arguments: added.args,
        options: added.opts(),
        print: (line) => print(io, line),
      });
      finish(status ?? 0);
    });
  }
}
