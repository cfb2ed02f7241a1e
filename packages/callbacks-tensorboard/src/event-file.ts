import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { DataError, SerializationDirError } from '@x/trainer-core';

import type { Event, SummaryValue } from './messages.js';
import { decodeEvent, encodeEvent } from './messages.js';
import { decodeRecords, encodeRecord } from './records.js';

let filesOfThisProcess = 0;

/**
 * Writes an event file that TensorBoard reads, and may read while it grows. Every event is handed to the operating
 * system at once, so that a killed process loses none.
 */
export class EventFile {
  readonly path: string;
  private descriptor: number | null = null;

  /**
   * Makes the folder and a file of its own in it.
   *
   * @param now the clock, in milliseconds.
   * @throws SerializationDirError (`X_DIR_NOT_WRITABLE`)
   */
  constructor(
    private readonly folder: string,
    private readonly now: () => number = Date.now,
  ) {
    const seconds = String(Math.floor(now() / 1000)).padStart(10, '0');
    this.path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${filesOfThisProcess}`);
    filesOfThisProcess += 1;
    this.orExplain(() => mkdirSync(folder, { recursive: true }));
    this.append({ wallTime: now() / 1000, step: 0, fileVersion: 'brain.Event:2', values: [] });
  }

  /** Writes values at a step, as one event. A file that was closed is opened again. */
  write(values: readonly SummaryValue[], step: number): void {
    if (values.length > 0) this.append({ wallTime: this.now() / 1000, step, values });
  }

  close(): void {
    if (this.descriptor !== null) closeSync(this.descriptor);
    this.descriptor = null;
  }

  private append(event: Event): void {
    const record = encodeRecord(encodeEvent(event));
    this.orExplain(() => {
      this.descriptor ??= openSync(this.path, 'a');
      for (let written = 0; written < record.length;) written += writeSync(this.descriptor, record, written);
    });
  }

  private orExplain(run: () => void): void {
    try {
      run();
    } catch (error) {
      throw new SerializationDirError(
        'X_DIR_NOT_WRITABLE',
        `TensorBoard events cannot be written into ${this.folder}: ${(error as Error).message}; make room or give access, or ` +
          'set tensorboardWriter to null',
        { cause: error },
      );
    }
  }
}

/**
 * The events of a file, in order. A last record that is cut off is left out.
 *
 * @throws DataError (`X_DATA_INVALID`) if the file cannot be read, or is damaged anywhere else.
 */
export async function readEvents(file: string): Promise<Event[]> {
  return [...decodeRecords(await contentOf(file), file)].map(decodeEvent);
}

async function contentOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new DataError(
      'X_DATA_INVALID',
      `the event file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}); eventFilesIn() lists those of a folder`,
      { cause: error },
    );
  }
}

/** The event files in a folder, in the order in which they were begun; none if there is no such folder. */
export async function eventFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.startsWith('events.out.tfevents.'))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => join(folder, name));
}
