import type { TrainOptions } from '../contracts/trainer.js';
import { InterruptedError } from '../errors.js';
import type { Progress } from './progress.js';
import type { RunControl } from './run-control.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Listens as asked. The returned function stops listening and leaves no handler behind. */
export function listenForInterruption({ signal, signals = false }: TrainOptions, control: RunControl): () => void {
  const onAbort = (): void => control.interrupt('abort');
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort);
  const handlers = SIGNALS.map((name) => [name, (): void => control.interrupt(name)] as const);
  if (signals) for (const [name, handler] of handlers) process.once(name, handler);
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
        ? 'the state was saved, and a run with --recover goes on from here'
        : 'there is no checkpointer, so nothing was saved'),
    reason,
  );
}
