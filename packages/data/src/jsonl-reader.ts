import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';

import type { Instance } from '@x/trainer-core';
import { DataError, DatasetReader } from '@x/trainer-core';

/** Reads files with a JSON object per line (UTF-8); blank lines are skipped. */
@DatasetReader.register('jsonl')
export class JsonlReader extends DatasetReader {
  /** @throws DataError (`X_DATA_INVALID`) naming the file, and the line where it is no JSON object. */
  override async *read(path: string): AsyncGenerator<Instance> {
    const file = await opened(path);
    try {
      let number = 0;
      for await (const line of file.readLines()) {
        number += 1;
        const text = number === 1 ? line.replace(/^\uFEFF/, '') : line;
        if (text.trim() !== '') yield parse(text, `${path}:${number}`);
      }
    } finally {
      await file.close();
    }
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (cause) {
    throw new DataError('X_DATA_INVALID', `${path} cannot be read: ${(cause as Error).message}`, { cause });
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
