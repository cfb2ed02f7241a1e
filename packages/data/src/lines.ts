import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { DataError } from '@x/trainer-core';

/**
 * The lines of a UTF-8 file, without their ends (LF or CRLF) and a byte order mark; of a `.gz` file, what is compressed.
 * Not by readline, which also ends a line at U+2028, as JSON does not.
 *
 * @throws DataError (`X_DATA_INVALID`) if the file cannot be read.
 */
export async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  // pipeline hands the errors of the file on to who reads from its end
  const text = path.endsWith('.gz') ? pipeline(file, createGunzip(), () => undefined) : file;
  text.setEncoding('utf8');
  let rest = '';
  let isFirst = true;
  try {
    for await (const chunk of text as AsyncIterable<string>) {
      const lines = (rest + (isFirst ? chunk.replace(/^\uFEFF/, '') : chunk)).split('\n');
      isFirst = false;
      rest = lines.pop()!;
      for (const line of lines) yield withoutReturn(line);
    }
  } catch (cause) {
    throw new DataError('X_DATA_INVALID', `${path} ${problemOf(cause as NodeJS.ErrnoException)}`, { cause });
  }
  if (rest !== '') yield withoutReturn(rest);
}

function problemOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'does not exist; correct the path';
  if (code === 'EISDIR') return 'is a folder; expected a file';
  return `cannot be read: ${message}`;
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
