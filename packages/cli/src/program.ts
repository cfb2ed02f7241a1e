import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { withLog } from '@x/trainer-core';

import { doctor } from './commands/doctor.js';
import { evaluate } from './commands/evaluate.js';
import { exportModel } from './commands/export.js';
import { predict } from './commands/predict.js';
import { schema } from './commands/schema.js';
import { train } from './commands/train.js';
import type { TrainCommandOptions } from './commands/train.js';
import type { EvaluateCommandOptions } from './commands/evaluate.js';
import type { ExportCommandOptions } from './commands/export.js';
import type { PredictCommandOptions } from './commands/predict.js';
import { explainFailure } from './exit-status.js';
import { processIo } from './io.js';
import type { Io } from './io.js';
import { listedPlugins } from './listed-plugins.js';
import { addPluginCommands } from './plugin-commands.js';

/**
 * Runs `x-train` with arguments (without `node` and the script).
 *
 * @returns the exit status: 0; 1 after an error; 143 and 130 after SIGTERM and SIGINT.
 */
export async function run(args: readonly string[], io: Io = processIo): Promise<number> {
  let status = 0;
  const finish = (value: number): void => {
    status = value;
  };
  const warn = (message: string): unknown => io.err.write(`warning: ${message}\n`);
  try {
    const program = buildProgram(io, finish);
    const plugins = pluginsOption(args);
    if (plugins !== undefined) addPluginCommands(program, await listedPlugins(undefined, plugins), io, finish);
    await withLog({ info: () => undefined, warn }, () => program.parseAsync([...args], { from: 'user' }));
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    const failure = explainFailure(error);
    for (const line of failure.lines) io.err.write(`${line}\n`);
    return failure.status;
  }
}

function buildProgram(io: Io, finish: (status: number) => void): Command {
  const program = new Command('x-train')
    .description('Trains, evaluates and inspects TensorFlow.js models from a config file.')
    .version(packageVersion(), '--version', 'print the version')
    .option(
      '--plugins <names>',
      'packages or files, separated by commas: their commands are added, and schema and doctor include them',
    )
    .helpOption('-h, --help', 'print help')
    .showHelpAfterError('(x-train --help tells more)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out.write(text), writeErr: (text) => io.err.write(text) });
  const weights = (): Option =>
    new Option('-w, --weights <which>', 'the best weights, or those of the latest checkpoint')
      .choices(['best', 'latest'])
      .default('best');
  const overrides = ['-o, --overrides <json5>', `changes to the config, such as '{"trainer.numEpochs": 3}'`] as const;

  program
    .command('train <config>')
    .description('train what a config file (JSON5, YAML or JSON) describes')
    .requiredOption('-s, --serialization-dir <folder>', 'the folder that the run writes to')
    .option('-r, --recover', 'go on with the run in that folder')
    .option('-f, --force', 'replace the run in that folder')
    .option(...overrides)
    .option('--dry-run', 'check and build everything, train and write nothing')
    .action((config: string, options: TrainCommandOptions) => train(config, options, io));
  program
    .command('evaluate <folder> [data]')
    .description("evaluate a run's model on its test data, or on other data that its reader reads")
    .addOption(weights())
    .option(...overrides)
    .option('--output-file <file>', 'also write the metrics to a JSON file')
    .action((folder: string, data: string | undefined, options: EvaluateCommandOptions) =>
      evaluate(folder, data, options, io),
    );
  program
    .command('predict <folder> [file]')
    .description('answer JSON lines (of a file, or standard input) with JSON lines')
    .addOption(weights())
    .option(...overrides)
    .option('--batch-size <n>', 'requests that go through the model together', '32')
    .option('--output-file <file>', 'write the answers there instead of printing them')
    .action((folder: string, file: string | undefined, options: PredictCommandOptions) =>
      predict(folder, file, options, io),
    );
  program
    .command('export <folder>')
    .description("write a run's model in another format")
    .requiredOption('--to <format>', 'tfjs: the format of tf.loadLayersModel')
    .requiredOption('--output <folder>', 'the folder to write')
    .addOption(weights())
    .action((folder: string, options: ExportCommandOptions) => exportModel(folder, options, io));
  program
    .command('schema [config]')
    .description('print the JSON Schema of a config with exactly the listed plugins')
    .action((config: string | undefined) => schema(config, program.opts(), io));
  program
    .command('doctor [config]')
    .description('say what works here (Node, TensorFlow.js, engines, plugins), and what to do about the rest')
    .action(async (config: string | undefined) => finish(await doctor(config, program.opts(), io)));
  return program;
}

/** The value of `--plugins` before the command: what it names must be loaded before the command line can be read. */
function pluginsOption(args: readonly string[]): string | undefined {
  for (const [i, argument] of args.entries()) {
    if (argument === '--plugins') return args[i + 1];
    if (argument.startsWith('--plugins=')) return argument.slice('--plugins='.length);
  }
  return undefined;
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}
