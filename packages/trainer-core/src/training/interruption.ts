import { AsyncResource } from 'node:async_hooks';

import type { TrainOptions } from '../contracts/trainer.js';
import { InterruptedError } from '../errors.js';
import { log } from '../log.js';
import type { Progress } from './progress.js';
import type { RunControl } from './run-control.js';

/** The exit status of a process that a signal ends, as shells have it. */
export const SIGNAL_STATUS: Readonly<Record<string, number>> = { SIGTERM: 143, SIGINT: 130 };

/**
 * Listens as asked. The first signal interrupts; a second one, of either name, ends the process at once with the status of
 * a process that it kills. (Without a handler of ours it would not, where the process is the first one of a container.)
 * Handlers of others are called as well.
 *
 * @param exit ends the process.
 * @returns a function that stops listening and leaves no handler behind.
 */
export function listenForInterruption(
  { signal, signals = false }: TrainOptions,
  control: RunControl,
  exit: (status: number) => void = (status) => process.exit(status),
): () => void {
  let signalled = false;
  const onAbort = (): void => control.interrupt('abort');
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort);
  const handlers = Object.entries(SIGNAL_STATUS).map(([name, status]) => {
    const handler = (): void => {
      if (signalled) exit(status);
      signalled = true;
      control.interrupt(name);
      log.warn(
        `${name}: the run ends after this step, once it is saved; a second signal ends it at once, without saving`,
      );
    };
    // a signal comes from outside of the run, whose log is meant
    return [name, AsyncResource.bind(handler)] as const;
  });
  if (signals) for (const [name, handler] of handlers) process.on(name, handler);
  return () => {
    signal?.removeEventListener('abort', onAbort);
    for (const [name, handler] of handlers) process.removeListener(name, handler);
  };
}

/** The error that ends an interrupted run. */
export function interruptedError(reason: string, { epoch, batchNumTotal }: Progress, saved: boolean): InterruptedError {
  return new InterruptedError(
    `training was interrupted (${reason}) in epoch ${epoch + 1} after ${batchNumTotal} steps; ` +
      (saved
        ? 'the state was saved: a run into the same folder (with x-train: --recover) goes on from here'
        : 'its state is not stored: there is no checkpointer, it could not save, or no step was made'),
    reason,
  );
}
