import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import JSON5 from 'json5';
import { parse as parseYaml, YAMLParseError } from 'yaml';

import { ConfigError } from '../errors.js';
import { messageOf, show } from './show.js';

/** A config as it was written: nothing is checked yet. */
export type RawConfig = Record<string, unknown>;

const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  // JSON files may have comments and trailing commas too.
  '.json': (text) => JSON5.parse<unknown>(text),
  '.json5': (text) => JSON5.parse<unknown>(text),
  '.yaml': (text) => parseYaml(text, { merge: true }) as unknown,
  '.yml': (text) => parseYaml(text, { merge: true }) as unknown,
};

/**
 * Reads a config file. Its ending tells the format: `.json5`, `.json`, `.yaml`, `.yml`.
 *
 * @throws ConfigError (`X_CONFIG_FILE`) if it cannot be read or parsed, with the line where that is known.
 */
export async function readConfig(path: string): Promise<RawConfig> {
  const parse = PARSERS[extname(path).toLowerCase()];
  if (parse === undefined) {
    const jsonnet =
      extname(path).toLowerCase() === '.jsonnet' ? '; turn it into JSON first: jsonnet FILE > FILE.json' : '';
    throw unreadable(
      path,
      `is not a format of configurations; expected a name that ends in ${Object.keys(PARSERS).join(', ')}${jsonnet}`,
    );
  }
  const text = await readText(path);
  try {
    return asObject(parse(text), path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw unreadable(path, `cannot be parsed${place(error)}: ${firstLine(error)}`, error);
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
