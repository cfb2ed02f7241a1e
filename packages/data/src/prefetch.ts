import type { Batch } from '@x/trainer-core';
import { disposeBatch } from '@x/trainer-core';

/**
 * The same batches, made up to `ahead` batches before they are asked for. When the consumer stops early or throws, the
 * source is closed and what was made in vain is disposed.
 */
export async function* prefetch(source: AsyncIterable<Batch>, ahead: number): AsyncGenerator<Batch> {
  const iterator = source[Symbol.asyncIterator]();
  const buffer: Promise<IteratorResult<Batch, unknown>>[] = [];
  let last: Promise<IteratorResult<Batch, unknown>> | undefined;
  let stopped = false;
  // One request at a time: not every iterator can be asked again before it has answered.
  const request = (): void => {
    const before = last;
    last = (async () => {
      const previous = await before;
      return stopped || previous?.done === true ? { done: true, value: undefined } : iterator.next();
    })();
    last.catch(() => undefined);
    buffer.push(last);
  };
  try {
    for (let i = 0; i < ahead; i++) request();
    for (;;) {
      request();
      const next = await buffer.shift()!;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    stopped = true;
    for (const result of await Promise.allSettled(buffer)) {
      if (result.status === 'fulfilled' && result.value.done !== true) disposeBatch(result.value.value);
    }
    await iterator.return?.();
  }
}
