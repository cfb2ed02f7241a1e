import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { withLog } from '@x/trainer-core';

import { doctor } from './commands/doctor.js';
import { evaluate } from './commands/evaluate.js';
import type { EvaluateCommandOptions } from './commands/evaluate.js';
import { exportModel } from './commands/export.js';
import type { ExportCommandOptions } from './commands/export.js';
import { findLr } from './commands/find-lr.js';
import type { FindLrOptions } from './commands/find-lr.js';
import { predict } from './commands/predict.js';
import type { PredictCommandOptions } from './commands/predict.js';
import { printResults } from './commands/print-results.js';
import type { PrintResultsOptions } from './commands/print-results.js';
import { schedule } from './commands/schedule.js';
import type { ScheduleCommandOptions } from './commands/schedule.js';
import { schema } from './commands/schema.js';
import { train } from './commands/train.js';
import type { TrainCommandOptions } from './commands/train.js';
import { explainFailure } from './exit-status.js';
import { processIo } from './io.js';
import type { Io } from './io.js';
import { loadAll, pluginsOfArguments, registryOf } from './listed-plugins.js';
import type { LoadedPlugins } from './listed-plugins.js';
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
    const named = await loadAll(pluginsOfArguments(args));
    const program = buildProgram(named, io, finish);
    addPluginCommands(program, await registryOf(named.plugins), io, finish);
    refuseFailures(program, named);
    await withLog({ info: () => undefined, warn }, () => program.parseAsync([...args], { from: 'user' }));
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    const failure = explainFailure(error);
    for (const line of failure.lines) io.err.write(`${line}\n`);
    return failure.status;
  }
}

function buildProgram(named: LoadedPlugins, io: Io, finish: (status: number) => void): Command {
  const program = new Command('x-train')
    .description('Trains, evaluates and inspects TensorFlow.js models from a config file.')
    .version(packageVersion(), '--version', 'print the version')
    .option(
      '--plugins <names>',
      'packages or files, separated by commas, besides those that a config lists; may be given several times. Their ' +
        'commands are added too',
      collect,
    )
    .addOption(
      new Option('--include-package <name>', 'the same, by the name that AllenNLP has for it').argParser(collect),
    )
    .helpOption('-h, --help', 'print help')
    .showHelpAfterError('(x-train --help tells more)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out.write(text), writeErr: (text) => io.err.write(text) });
  const { plugins } = named;
  const weights = (): Option =>
    new Option('-w, --weights <which>', 'the best weights, or those of the latest checkpoint of a folder')
      .choices(['best', 'latest'])
      .default('best');
  const weightsFile = (): Option =>
    new Option('--weights-file <file>', 'other weights, a safetensors file').conflicts('weights');
  const overrides = (): Option =>
    new Option(
      '-o, --overrides <json5>',
      `changes to the config, such as '{"trainer.numEpochs": 3}'; may be given several times`,
    ).argParser(collect);

  program
    .command('train <config>')
    .description('train what a config file (JSON5, YAML or JSON) describes, and archive the model')
    .requiredOption('-s, --serialization-dir <folder>', 'the folder that the run writes to')
    .option('-r, --recover', 'go on with the run in that folder')
    .addOption(
      new Option('--resume <mode>', 'with --recover: what is taken of the checkpoint').choices([
        'exact',
        'anyway',
        'weights',
      ]),
    )
    .option('-f, --force', 'replace the run in that folder')
    .addOption(overrides())
    .option('--file-friendly-logging', 'progress as lines, also on a terminal')
    .option('--dry-run', 'build everything, write config and vocabulary, print what the data are, and train nothing')
    .action((config: string, options: TrainCommandOptions) => train(config, options, plugins, io));
  program
    .command('evaluate <model> [data]')
    .description(
      "evaluate a model (a run's folder or archive) on its test data, or on other data that its reader reads",
    )
    .addOption(weights())
    .addOption(weightsFile())
    .addOption(overrides())
    .option('--batch-size <n>', 'examples in a batch; default: as in the config')
    .option('--batch-weight-key <output>', "the model's output that weights a batch; default: as in the config")
    .option('--output-file <file>', 'also write the metrics to a JSON file')
    .action((model: string, data: string | undefined, options: EvaluateCommandOptions) =>
      evaluate(model, data, options, plugins, io),
    );
  program
    .command('predict <model> [file]')
    .description('answer JSON lines (of a file, or standard input) with JSON lines')
    .addOption(weights())
    .addOption(weightsFile())
    .addOption(overrides())
    .option('--batch-size <n>', 'requests that go through the model together', '32')
    .option('--output-file <file>', 'write the answers there instead of printing them')
    .action((model: string, file: string | undefined, options: PredictCommandOptions) =>
      predict(model, file, options, plugins, io),
    );
  program
    .command('find-lr <config>')
    .description('train with a learning rate that grows, and plot the losses over it')
    .requiredOption('-s, --serialization-dir <folder>', 'the folder for the plot')
    .addOption(overrides())
    .option('--start-lr <rate>', 'the first learning rate', '1e-5')
    .option('--end-lr <rate>', 'the last learning rate', '10')
    .option('--num-batches <n>', 'batches to train with, more than 10', '100')
    .option('--stopping-factor <factor>', 'stop where the loss is so many times the lowest one; default: never')
    .option('--linear', 'let the rate grow by a summand, not by a factor')
    .option('-f, --force', 'replace the plot in that folder')
    .action((config: string, options: FindLrOptions) => findLr(config, options, plugins, io));
  program
    .command('schedule <config>')
    .description('plot what the learning rate and momentum schedulers of a config do in its training, without training')
    .addOption(overrides())
    .option('--epochs <n>', 'the number of epochs; default: as in the config')
    .option('--steps-per-epoch <n>', 'the steps of an epoch; default: those of the data loader')
    .option('--output <file>', 'the SVG file to write; default: <config>.schedule.svg beside the config')
    .action((config: string, options: ScheduleCommandOptions) => schedule(config, options, plugins, io));
  program
    .command('print-results <folder>')
    .description('print a table of the metrics of all runs below a folder')
    .option('-k, --keys <names...>', 'the metrics to print; default: those of the best epoch and of the test')
    .option('-m, --metrics-filename <name>', 'the file of metrics', 'metrics.json')
    .action((folder: string, options: PrintResultsOptions) => printResults(folder, options, io));
  program
    .command('export <model>')
    .description('write a model in another format')
    .requiredOption('--to <format>', 'tfjs: the format of tf.loadLayersModel')
    .requiredOption('--output <folder>', 'the folder to write')
    .addOption(weights())
    .action((model: string, options: ExportCommandOptions) => exportModel(model, options, plugins, io));
  program
    .command('schema [config]')
    .description('print the JSON Schema of a config with exactly the listed plugins')
    .action((config: string | undefined) => schema(config, plugins, io));
  program
    .command('doctor [config]')
    .description('say what works here (Node, TensorFlow.js, engines, plugins), and what to do about the rest')
    .action(async (config: string | undefined) => finish(await doctor(config, named, io)));
  return program;
}

/** Every command needs the plugins that were named, except doctor, which says what is wrong with them. */
function refuseFailures(program: Command, { failures }: LoadedPlugins): void {
  const [failure] = failures;
  if (failure === undefined) return;
  const refuse = (command: Command): void => {
    if (command.name() !== 'doctor') throw failure.error;
  };
  program.hook('preAction', (_, command) => refuse(command));
  program.on('command:*', () => refuse(program));
}

/** An option that may be given several times. */
function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}
