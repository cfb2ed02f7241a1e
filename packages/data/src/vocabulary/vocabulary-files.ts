import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { DataError } from '@x/trainer-core';

import { NON_PADDED_FILE } from './namespaces.js';

/** A vocabulary as its folder has it. */
export interface SavedVocabulary {
  readonly nonPaddedNamespaces: readonly string[];
  /** The lines of each namespace: its tokens in order, in a padded one without that of padding. */
  readonly namespaces: ReadonlyMap<string, readonly string[]>;
}

const NEWLINE = '@@NEWLINE@@';

/** Writes AllenNLP's files: `<namespace>.txt` with a token a line, and `non_padded_namespaces.txt`. */
export async function writeVocabulary(folder: string, vocabulary: SavedVocabulary): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(fileOf(folder, NON_PADDED_FILE), textOf(vocabulary.nonPaddedNamespaces));
  for (const [namespace, tokens] of vocabulary.namespaces) {
    await writeFile(fileOf(folder, namespace), textOf(tokens.map((token) => token.replaceAll('\n', NEWLINE))));
  }
}

/**
 * @param folder of the files, or of the run that has them in `vocabulary`.
 * @throws DataError (`X_DATA_INVALID`) if there are none.
 */
export async function readVocabulary(folder: string): Promise<SavedVocabulary> {
  const place = [folder, join(folder, 'vocabulary')].find((path) => existsSync(fileOf(path, NON_PADDED_FILE)));
  if (place === undefined) {
    throw new DataError(
      'X_DATA_INVALID',
      `there is no vocabulary in ${folder}: it has no ${NON_PADDED_FILE}.txt, nor a folder "vocabulary" with one`,
    );
  }
  const namespaces = new Map<string, string[]>();
  for (const name of (await readdir(place)).sort()) {
    if (!name.endsWith('.txt') || name.startsWith('.') || name === `${NON_PADDED_FILE}.txt`) continue;
    const tokens = linesIn(await readFile(join(place, name), 'utf8'));
    namespaces.set(
      name.slice(0, -'.txt'.length),
      tokens.map((token) => token.replaceAll(NEWLINE, '\n')),
    );
  }
  const patterns = linesIn(await readFile(fileOf(place, NON_PADDED_FILE), 'utf8'));
  return { nonPaddedNamespaces: patterns.map((line) => line.trim()).filter((line) => line !== ''), namespaces };
}

function fileOf(folder: string, name: string): string {
  return join(folder, `${name}.txt`);
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** A carriage return belongs to the end of a line only if all ends have one: it may be the last character of a token. */
function linesIn(text: string): string[] {
  const ends = text.split('\n').slice(0, -1);
  const lines = text.split(ends.every((line) => line.endsWith('\r')) ? '\r\n' : '\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}
