import { log } from '@x/trainer-core';
import { z } from 'zod';

const ignored = z.unknown().optional();

/** Options of the original's data loaders that change nothing about the batches. They are accepted and without effect. */
export const ignoredOptions = {
  numWorkers: ignored.describe('Accepted and without effect: batches are made in this process; see prefetch'),
  pinMemory: ignored.describe('Accepted and without effect'),
  timeout: ignored.describe('Accepted and without effect'),
  workerInitFn: ignored.describe('Accepted and without effect'),
  multiprocessingContext: ignored.describe('Accepted and without effect'),
  maxInstancesInMemory: ignored.describe('Accepted and without effect: all examples are in memory'),
  startMethod: ignored.describe('Accepted and without effect'),
  cudaDevice: ignored.describe('Accepted and without effect: the engine decides where tensors are'),
  quiet: ignored.describe('Accepted and without effect'),
};

/** One line about those that would have had an effect in the original. */
export function logIgnored(options: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(ignoredOptions).filter(
    (key) => ![undefined, null, 0, false].includes(options[key] as null),
  );
  if (given.length === 0) return;
  const advice = given.includes('numWorkers') ? '; "prefetch" makes batches ahead of their use' : '';
  log.info(`The data loader has no use for ${given.join(', ')}: batches are made in this process${advice}.`);
}
