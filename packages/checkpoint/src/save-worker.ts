// The thread that writes checkpoints: it builds the store that it is told of, and carries out one job after the other.
import { parentPort, workerData } from 'node:worker_threads';

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

parentPort!.on('message', (job: SaveJob) => void answer(job).then((answered) => parentPort!.postMessage(answered)));
