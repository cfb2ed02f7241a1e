import type { Communicator } from '../contracts/communicator.js';

/**
 * The items of a worker's own sequence for as long as every worker has one: an epoch ends for all together, when the
 * first worker runs out. An item that is not handed over is freed.
 */
export async function* inLockstep<T>(
  items: AsyncIterable<T>,
  communicator: Communicator,
  free: (item: T) => void,
): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await iterator.next();
      const ready = next.done === true ? [] : [next.value];
      let goesOn = false;
      try {
        goesOn = await communicator.allContinue(ready.length > 0);
      } finally {
        if (!goesOn) ready.forEach(free);
      }
      if (!goesOn) return;
      yield* ready;
    }
  } finally {
    await iterator.return?.();
  }
}

/** Lets timers, signals and other work run between two batches. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
