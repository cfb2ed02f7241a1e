import type { Instance } from '@x/trainer-core';
import { DataError, DatasetReader, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { linesOf } from './lines.js';

export const JsonlReaderOptions = z.strictObject({
  namespaces: z
    .record(z.string(), z.string())
    .default({})
    .describe('The fields that hold tokens or labels, and the namespace in the vocabulary of each'),
});

/** Reads files with a JSON object per line (UTF-8, or its `.gz`); blank lines are skipped. */
@DatasetReader.register('jsonl', JsonlReaderOptions)
export class JsonlReader extends DatasetReader {
  override readonly namespaces: Readonly<Record<string, string>>;

  /** @throws ConfigError for options that the schema refuses. */
  constructor(options: z.input<typeof JsonlReaderOptions> = {}) {
    super();
    this.namespaces = parseOptions(JsonlReaderOptions, options, 'JsonlReader').namespaces;
  }

  /** @throws DataError (`X_DATA_INVALID`) naming the file, and the line where it is no JSON object. */
  override async *read(path: string): AsyncGenerator<Instance> {
    let number = 0;
    for await (const line of linesOf(path)) {
      number += 1;
      if (line.trim() !== '') yield parse(line, `${path}:${number}`);
    }
  }
}

function parse(text: string, place: string): Instance {
  const instance = parseJson(text, place);
  if (typeof instance === 'object' && instance !== null && !Array.isArray(instance)) return instance as Instance;
  throw new DataError(
    'X_DATA_INVALID',
    `${place}: expected a JSON object with a value per field, received ${text.slice(0, 60)}`,
  );
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError('X_DATA_INVALID', `${place}: this line is no JSON: ${(cause as Error).message}`, { cause });
  }
}
