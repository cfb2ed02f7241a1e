import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { DataError, TrainerError } from '@x/trainer-core';

import { formatNumber } from '../format.js';
import { print } from '../io.js';
import type { Io } from '../io.js';
import { messageOf } from '../message-of.js';
import { aligned } from '../table.js';

export interface PrintResultsOptions {
  readonly keys?: readonly string[];
  readonly metricsFilename: string;
}

type Metrics = Readonly<Record<string, unknown>>;

/** What is shown without `--keys`: the metrics of the best epoch and of the test. */
const SHOWN = /^(best_validation_|test_)/;

/** Prints a table of the metrics of all runs below a folder, a row a run. */
export async function printResults(folder: string, options: PrintResultsOptions, io: Io): Promise<void> {
  const { metricsFilename } = options;
  const runs = await metricsBelow(folder, metricsFilename);
  if (runs.size === 0) {
    throw new DataError(
      'X_DATA_EMPTY',
      `there is no ${metricsFilename} in or below ${folder}; is it the folder of runs?`,
    );
  }
  const keys = options.keys ?? [...new Set([...runs.values()].flatMap(Object.keys))].filter((key) => SHOWN.test(key));
  const rows = [...runs].map(([name, metrics]) => [name, ...keys.map((key) => cell(metrics[key]))]);
  for (const line of aligned([['run', ...keys], ...rows])) print(io, line);
}

function cell(value: unknown): string {
  if (value === undefined) return 'N/A';
  return typeof value === 'number' ? formatNumber(value) : typeof value === 'string' ? value : JSON.stringify(value);
}

/** The metrics by the folder of their run, in the order of its name. */
async function metricsBelow(folder: string, file: string): Promise<Map<string, Metrics>> {
  const paths = (await filesOf(folder)).filter((path) => path === file || path.endsWith(`/${file}`)).sort();
  const runs = new Map<string, Metrics>();
  for (const path of paths) runs.set(dirname(path), await readMetrics(join(folder, path)));
  return runs;
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll('\\', '/'));
  } catch (error) {
    throw new TrainerError('X_USAGE', `${folder} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

async function readMetrics(path: string): Promise<Metrics> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Metrics;
  } catch (error) {
    throw new DataError('X_DATA_INVALID', `${path} is no JSON object of metrics: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
