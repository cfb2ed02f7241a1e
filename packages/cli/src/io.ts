import { rename, writeFile } from 'node:fs/promises';

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

/** Writes a file completely or not at all. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}
