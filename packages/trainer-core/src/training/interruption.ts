import type { TrainOptions } from '../contracts/trainer.js';
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
