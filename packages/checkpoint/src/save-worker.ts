// The thread that writes checkpoints: it builds the store that it is told of, and carries out one job after the other.
import { MessageChannel, parentPort, workerData } from 'node:worker_threads';

import type { CheckpointStore, StoreRecipe } from '@x/trainer-core';

import { CheckpointArchive } from './archive.js';
import { errorData } from './error-data.js';
import type { ErrorData } from './error-data.js';
import { carryOut } from './save-job.js';
import type { SaveJob } from './save-job.js';

/** How a job ended. */
export type SaveAnswer = { readonly warnings: readonly string[] } | { readonly error: ErrorData };

type StoreClass = new (options: unknown) => CheckpointStore;

const { module, name, options } = workerData as StoreRecipe;
const archive = build();

async function build(): Promise<CheckpointArchive> {
  const exported = (await import(module)) as Record<string, StoreClass>;
  return new CheckpointArchive(new exported[name]!(options));
}

async function answer(job: SaveJob): Promise<SaveAnswer> {
  try {
    return { warnings: await carryOut(job, await archive) };
  } catch (error) {
    return { error: errorData(error) };
  }
}

/**
 * Frees the copy of the state now: a message that nobody will get takes it along. Left to the garbage collector, it would
 * stand beside the copy of the next save, and freeing it would be a part of that one (100 MB took 95 to 106 ms, and take 85 to 97).
 */
function free({ files }: SaveJob): void {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(
    null,
    Object.values(files).map(({ buffer }) => buffer as ArrayBuffer),
  );
  port1.close();
  port2.close();
}

parentPort!.on('message', (job: SaveJob) => {
  void answer(job).then((answered) => {
    parentPort!.postMessage(answered);
    free(job);
  });
});
