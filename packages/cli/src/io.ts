import { rename, rm, writeFile } from 'node:fs/promises';
import { TrainerError } from '@x/trainer-core';

import type { ProgressOutput } from './console-progress.js';

/** Where a command reads and writes, so that tests can look. */
export interface Io {
  /** Standard output: results and progress. */
  readonly out: ProgressOutput;
  /** Standard error: warnings and failures. */
  readonly err: ProgressOutput;
  /** Standard input. */
  readonly input: AsyncIterable<string | Uint8Array>;
}

export const processIo: Io = { out: process.stdout, err: process.stderr, input: process.stdin };

export function print(io: Io, line = ''): void {
  io.out.write(`${line}\n`);
}

/**
 * Writes a file completely or not at all.
 *
 * @throws TrainerError (`X_USAGE`) if it cannot be written.
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writing(path, async () => {
    try {
      await writeFile(temporary, text);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

/** JSON text. Numbers that JSON lacks become the strings "NaN", "Infinity" and "-Infinity". */
export function toJson(value: unknown, indent?: number): string {
  const replace = (_: string, item: unknown): unknown =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item;
  return JSON.stringify(value, replace, indent);
}

/** @throws TrainerError (`X_USAGE`) unless the value of an option is a whole number from 1. */
export function wholeNumber(option: string, value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new TrainerError('X_USAGE', `${option}: expected a whole number from 1, received "${value}"`);
}

/** Says of a refusal by the system which output it was about; other errors pass. */
export async function writing(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof TrainerError || code === undefined) throw error;
    throw new TrainerError('X_USAGE', `${path} cannot be written: ${message}; choose another place`, { cause: error });
  }
}
