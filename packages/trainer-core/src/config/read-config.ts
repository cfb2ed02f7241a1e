import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import JSON5 from 'json5';
import { parse as parseYaml, YAMLParseError } from 'yaml';

import { ConfigError } from '../errors.js';
import { evaluateJsonnet } from './jsonnet.js';
import type { Variables } from './jsonnet.js';
import { messageOf, show } from './show.js';

/** A config as it was written: nothing is checked yet. */
export type RawConfig = Record<string, unknown>;

type Parser = (text: string, path: string, variables: Variables) => unknown;

const PARSERS: Readonly<Record<string, Parser>> = {
  // JSON files may have comments and trailing commas too.
  '.json': (text) => JSON5.parse<unknown>(text),
  '.json5': (text) => JSON5.parse<unknown>(text),
  '.yaml': (text) => parseYaml(text, { merge: true }) as unknown,
  '.yml': (text) => parseYaml(text, { merge: true }) as unknown,
  '.jsonnet': parseJsonnet,
};

/**
 * Reads a config file. Its ending tells the format: `.json5`, `.json`, `.yaml`, `.yml`, `.jsonnet`. A Jsonnet file that is
 * more than JSON with comments needs the optional package `@hanazuki/node-jsonnet`.
 *
 * @param variables what `std.extVar` of Jsonnet finds. Default: the environment.
 * @throws ConfigError (`X_CONFIG_FILE`) if it cannot be read or parsed, with the line where that is known.
 */
export async function readConfig(path: string, variables: Variables = process.env): Promise<RawConfig> {
  const parse = PARSERS[extname(path).toLowerCase()];
  if (parse === undefined) {
    throw unreadable(
      path,
      `is not a format of configurations; expected a name that ends in ${Object.keys(PARSERS).join(', ')}`,
    );
  }
  const text = await readText(path);
  try {
    return asObject(await parse(text, path, variables), path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw unreadable(path, `cannot be parsed${place(error)}: ${firstLine(error)}`, error);
  }
}

/** JSON is Jsonnet, and most programs are no more than that. */
function parseJsonnet(text: string, path: string, variables: Variables): unknown {
  try {
    return JSON5.parse<unknown>(text);
  } catch {
    return evaluateJsonnet(path, variables);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw unreadable(path, code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`, error);
  }
}

function asObject(value: unknown, path: string): RawConfig {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as RawConfig;
  throw unreadable(
    path,
    `should hold an object, but holds ${value === null || value === undefined ? 'nothing' : show(value)}`,
  );
}

function place(error: unknown): string {
  if (error instanceof YAMLParseError) {
    const start = error.linePos?.[0];
    return start === undefined ? '' : ` at line ${start.line}, column ${start.col}`;
  }
  const { lineNumber, columnNumber } = error as { lineNumber?: number; columnNumber?: number };
  return lineNumber === undefined ? '' : ` at line ${lineNumber}, column ${columnNumber}`;
}

function firstLine(error: unknown): string {
  return messageOf(error)
    .split('\n')[0]!
    .replace(/ at line \d+, column \d+:?$/, '')
    .replace(/^JSON5: /, '')
    .replace(/ at \d+:\d+$/, '');
}

function unreadable(path: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError([{ code: 'X_CONFIG_FILE', path: '', message: `the file ${message}` }], path, { cause });
}
