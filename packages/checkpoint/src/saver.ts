import type { CheckpointStore } from '@x/trainer-core';
import { CheckpointError } from '@x/trainer-core';

import { CheckpointArchive } from './archive.js';
import { carryOut } from './save-job.js';
import type { SaveJob } from './save-job.js';
import { canStartThread, SaveThread } from './save-thread.js';

/** The state's size in bytes from which a thread of its own pays: below, starting one takes longer than all it does. */
const WORTH_A_THREAD = 1 << 20;

/** Carries out saves beside the training, one at a time. */
export class Saver {
  private here: CheckpointArchive;
  private thread: SaveThread | null | undefined;
  private inFlight: Promise<void> | null = null;
  private failure: CheckpointError | null = null;
  private warnings: string[] = [];

  constructor(
    private readonly store: CheckpointStore,
    private readonly onSaved: (job: SaveJob) => void,
  ) {
    this.here = new CheckpointArchive(store);
  }

  /** Begins a save. The one before it must be done, see {@link idle}. */
  start(job: SaveJob): void {
    this.inFlight = this.save(job).finally(() => (this.inFlight = null));
  }

  /** Resolves when nothing is being written. It never fails; what failed is asked for with {@link takeFailure}. */
  async idle(): Promise<void> {
    await this.inFlight;
  }

  /** As {@link idle}, and ends the thread, which the next save starts again. What was seen of the store is forgotten. */
  async rest(): Promise<void> {
    await this.idle();
    await this.thread?.end();
    this.here = new CheckpointArchive(this.store);
  }

  /** Whether there is a failure to be taken. */
  get hasFailed(): boolean {
    return this.failure !== null;
  }

  /** The error of a save that failed, once. */
  takeFailure(): CheckpointError | null {
    const taken = this.failure;
    this.failure = null;
    return taken;
  }

  takeWarnings(): readonly string[] {
    return this.warnings.splice(0);
  }

  private async save(job: SaveJob): Promise<void> {
    try {
      this.warnings.push(...(await this.carryOut(job)));
      this.onSaved(job);
    } catch (error) {
      this.failure =
        error instanceof CheckpointError
          ? error
          : new CheckpointError('X_CHECKPOINT', `a checkpoint could not be saved: ${String(error)}`, { cause: error });
    }
  }

  /** The first save decides where all of them are carried out: what an archive remembers is true for its thread alone. */
  private carryOut(job: SaveJob): Promise<readonly string[]> {
    if (this.thread === undefined) {
      const bytes = Object.values(job.files).reduce((sum, { length }) => sum + length, 0);
      const recipe = bytes >= WORTH_A_THREAD && canStartThread() ? this.store.recipe() : null;
      this.thread = recipe === null ? null : new SaveThread(recipe);
    }
    return this.thread === null ? carryOut(job, this.here) : this.thread.carryOut(job);
  }
}
