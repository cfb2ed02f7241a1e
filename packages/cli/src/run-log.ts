import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { TrainerCallback } from '@x/trainer-core';
import type { Log, TrainerView } from '@x/trainer-core';

import type { ProgressOutput } from './console-progress.js';

/** The file in a run's folder that holds what the run said. */
export const LOG_FILE = 'out.log';

/** A folder without it is no run's any more: that of a run that failed without a result is as it was before. */
const CONFIG_FILE = 'config.json';

/**
 * What a run says, as lines with time and level in the file `out.log` of its folder. Until {@link open} they are kept in
 * memory, because the folder of a run that does not start stays as it was. A run that goes on adds to the file.
 */
export class RunLog implements Log, ProgressOutput {
  private lines = '';
  private folder: string | null = null;

  /** @param now the clock. */
  constructor(private readonly now: () => Date = () => new Date()) {}

  /** From now on, lines go into a folder. */
  open(folder: string): void {
    this.folder = folder;
    this.flush();
  }

  write(text: string): void {
    for (const line of text.split('\n').filter((each) => each.trim() !== '')) this.info(line);
  }

  info(message: string): void {
    this.line('INFO', message);
  }

  warn(message: string): void {
    this.line('WARNING', message);
  }

  error(message: string): void {
    this.line('ERROR', message);
  }

  private line(level: string, message: string): void {
    this.lines += `${this.now().toISOString()} ${level} ${message}\n`;
    this.flush();
  }

  /** A log that cannot be written ends no run: its lines are kept for the next attempt. */
  private flush(): void {
    if (this.folder === null || this.lines === '' || !existsSync(join(this.folder, CONFIG_FILE))) return;
    try {
      appendFileSync(join(this.folder, LOG_FILE), this.lines);
      this.lines = '';
    } catch {
      return;
    }
  }
}

/** Opens the log of a run once its folder is the run's. */
export class OpenRunLog extends TrainerCallback {
  constructor(private readonly runLog: RunLog) {
    super();
  }

  override onRunStart({ serializationDir, isMaster }: TrainerView): void {
    if (serializationDir !== null && isMaster) this.runLog.open(serializationDir);
  }
}
