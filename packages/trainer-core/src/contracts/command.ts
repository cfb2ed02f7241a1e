import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';

/** An option of a command: `flags` in the form `-f, --force` or `--overrides <json>`. */
export interface CommandOption {
  readonly flags: string;
  readonly description: string;
  readonly default?: string | boolean;
}

/** What a command is run with. */
export interface CommandContext {
  /** Positional arguments, in the order of {@link Command.arguments}. */
  readonly arguments: readonly string[];
  /** Options by camelCase name. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  print(line: string): void;
}

/** A sub-command that a plugin adds to `x-train`. */
export abstract class Command {
  static readonly kind: string = 'command';
  static readonly register: Register<Command> = registerFor('command');

  abstract readonly name: string;
  abstract readonly description: string;
  /** Names of the positional arguments, `<required>` or `[optional]`. */
  readonly arguments: readonly string[] = [];
  readonly options: readonly CommandOption[] = [];

  /** @returns the exit status; nothing means 0. */
  abstract run(context: CommandContext): Promise<number | void>;
}
