import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

import type { StoreRecipe } from '@x/trainer-core';
import { CheckpointError } from '@x/trainer-core';

import { errorOf } from './error-data.js';
import type { SaveJob } from './save-job.js';
import type { SaveAnswer } from './save-worker.js';

const FILE = new URL('./save-worker.js', import.meta.url);

/** Whether the worker's file is beside this one. It is not in an application's bundle, nor where the sources are run. */
export function canStartThread(): boolean {
  return FILE.protocol === 'file:' && existsSync(FILE);
}

/** The thread that writes checkpoints. It keeps the process alive while it writes, and only then. */
export class SaveThread {
  private worker: Worker | null = null;
  /** Takes the end of the job that is being carried out. */
  private settle: ((end: SaveAnswer | CheckpointError) => void) | null = null;

  constructor(private readonly recipe: StoreRecipe) {}

  /**
   * Carries out a job there. Its files' buffers go to the thread; here they are empty afterwards.
   *
   * @returns the warnings.
   * @throws CheckpointError if the job fails, or the thread does; the next job gets a new one then.
   */
  async carryOut(job: SaveJob): Promise<readonly string[]> {
    const worker = (this.worker ??= this.begin());
    worker.ref();
    const end = await new Promise<SaveAnswer | CheckpointError>((resolve) => {
      this.settle = resolve;
      worker.postMessage(
        job,
        Object.values(job.files).map(({ buffer }) => buffer as ArrayBuffer),
      );
    }).finally(() => {
      this.settle = null;
      worker.unref();
    });
    if (end instanceof CheckpointError) throw end;
    if ('warnings' in end) return end.warnings;
    const { message, code, cause } = end.error;
    throw new CheckpointError(code === 'X_CHECKPOINT_CORRUPT' ? code : 'X_CHECKPOINT', message, {
      cause: cause && errorOf(cause),
    });
  }

  /** Ends the thread; not while a job is carried out. */
  async end(): Promise<void> {
    const { worker } = this;
    this.worker = null;
    await worker?.terminate();
  }

  private begin(): Worker {
    const worker = new Worker(FILE, { workerData: this.recipe, name: 'x-checkpoint' });
    const died = (cause: unknown): void => {
      if (this.worker === worker) this.worker = null;
      const message = `the thread that writes checkpoints ended: ${String(cause)}`;
      this.settle?.(new CheckpointError('X_CHECKPOINT', message, { cause }));
    };
    worker.on('message', (answer: SaveAnswer) => this.settle?.(answer));
    worker.on('error', died);
    worker.on('exit', (code) => died(`exit code ${code}`));
    return worker;
  }
}
