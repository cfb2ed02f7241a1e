import { DataError, log } from '@x/trainer-core';

import { linesOf } from '../lines.js';

/**
 * The tokens of a text file of embeddings, such as GloVe's or fastText's: what stands before the first space of a line. A
 * first line that has nothing but the number of tokens, and perhaps that of dimensions, is skipped.
 *
 * @throws DataError (`X_DATA_INVALID`) if the file cannot be read, is packed otherwise than by gzip, or has no tokens.
 */
export async function readPretrainedTokens(path: string): Promise<string[]> {
  if (/\.(zip|bz2|xz|lzma|tar|tgz|tar\.gz)$/.test(path)) {
    throw new DataError('X_DATA_INVALID', `${path} is packed; unpack it and give the text file, or its .gz`);
  }
  const tokens: string[] = [];
  let number = 0;
  for await (const line of linesOf(path)) {
    number += 1;
    if (number === 1 && /^\d+( \d+)?\s*$/.test(line)) continue;
    const end = line.indexOf(' ');
    if (end >= 0) tokens.push(line.slice(0, end));
    else
      log.warn(`${path}:${number} is skipped: it has no space between a token and its numbers: ${line.slice(0, 20)}`);
  }
  if (tokens.length > 0) return tokens;
  throw new DataError(
    'X_DATA_INVALID',
    `${path} has no pretrained tokens; expected lines with a token, a space and its numbers`,
  );
}
