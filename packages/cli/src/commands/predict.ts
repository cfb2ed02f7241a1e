import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { DataError, TheModel } from '@x/trainer-core';
import type { Json, Plugin, Predictor } from '@x/trainer-core';

import { messageOf } from '../message-of.js';
import { loadArchive } from '../archive/load-archive.js';
import { print, toJson, wholeNumber, writeWhole } from '../io.js';
import type { Io } from '../io.js';
import plugin from '../plugin.js';

export interface PredictCommandOptions {
  readonly weights?: 'best' | 'latest';
  readonly weightsFile?: string;
  readonly overrides?: readonly string[];
  readonly outputFile?: string;
  readonly batchSize: string;
}

/** Answers JSON lines with the model of a run: one line in, one line out, in order. */
export async function predict(
  model: string,
  file: string | undefined,
  options: PredictCommandOptions,
  plugins: readonly Plugin[],
  io: Io,
): Promise<void> {
  const { outputFile, batchSize, ...loading } = options;
  const size = wholeNumber('--batch-size', batchSize);
  const trained = await loadArchive(model, { ...loading, plugins, fallbackPlugins: [plugin] });
  try {
    if (!trained.run.container.has(TheModel)) trained.run.container.provide(TheModel, trained.model);
    const predictor = await trained.predictor();
    const answers: string[] = [];
    const emit =
      outputFile === undefined
        ? (line: string): void => print(io, line)
        : (line: string): unknown => answers.push(line);
    for await (const requests of inGroups(requestsOf(file, io), size)) {
      for (const answer of await answersOf(predictor, requests)) emit(toJson(answer));
    }
    if (outputFile === undefined) return;
    await writeWhole(outputFile, answers.map((line) => `${line}\n`).join(''));
    print(io, `${answers.length} predictions written to ${outputFile}`);
  } finally {
    trained.dispose();
  }
}

async function answersOf(predictor: Predictor, requests: readonly Json[]): Promise<readonly Json[]> {
  const answers = await predictor.predict(requests);
  if (answers.length === requests.length) return answers;
  throw new DataError(
    'X_DATA_INVALID',
    `${predictor.constructor.name} gave ${answers.length} answers to ${requests.length} requests; expected one for each, in order`,
  );
}

async function* requestsOf(file: string | undefined, io: Io): AsyncGenerator<Json> {
  const input = file === undefined ? Readable.from(io.input) : createReadStream(file);
  let number = 0;
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (line.trim() !== '') yield parse(line, file ?? 'standard input', number);
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError('X_DATA_INVALID', `${file ?? 'standard input'} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function parse(line: string, source: string, number: number): Json {
  try {
    return JSON.parse(line) as Json;
  } catch (error) {
    throw new DataError(
      'X_DATA_INVALID',
      `${source}, line ${number}: expected one JSON value a line, received ${line.slice(0, 60)}`,
      { cause: error },
    );
  }
}

async function* inGroups<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
