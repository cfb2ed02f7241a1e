import { DataError } from '@x/trainer-core';

import type { StreamOptions, StreamSource } from './stream-data-loader.js';
import { StreamDataLoader } from './stream-data-loader.js';

/** Items one after another, asynchronously or not. */
export type Items = AsyncIterable<unknown> | Iterable<unknown>;

/** Options of {@link generatorLoader}. */
export interface GeneratorLoaderOptions extends StreamOptions {
  /**
   * What a function's epochs are: `replayable` (default) if calling it again for an epoch gives the same items, else
   * `once`. A generator object is `once` in any case.
   */
  readonly resumability?: 'replayable' | 'once';
}

/**
 * A loader over what a generator gives: batches (objects with named tensors, new ones each time, owned by whoever takes
 * them), or with `batchSize` single instances.
 *
 * @param items a function, called at the start of every epoch with its number; or the items themselves, such as a
 *   generator object, which exist once: with `length`, each epoch takes that many further batches.
 * @throws DataError (`X_DATA_EMPTY`) in an epoch that starts after items that exist once have ended.
 * @example generatorLoader(async function* (epoch) { for await (const row of rows(epoch)) yield row; }, { batchSize: 32 })
 */
export function generatorLoader(
  items: ((epoch: number) => Items) | Items,
  { resumability = 'replayable', ...options }: GeneratorLoaderOptions = {},
): StreamDataLoader {
  const source: StreamSource =
    typeof items === 'function'
      ? { resumability, open: (epoch) => asynchronous(items(epoch)) }
      : { resumability: 'once', open: goingOn(asynchronous(items)) };
  return new StreamDataLoader(source, options);
}

async function* asynchronous(items: Items): AsyncGenerator<unknown> {
  yield* items;
}

/** Opens the same items again and again, each time where they are; closing such a view leaves them open. */
function goingOn(items: AsyncIterable<unknown>): () => AsyncIterable<unknown> {
  const iterator = items[Symbol.asyncIterator]();
  let ended = false;
  const next = async (): Promise<IteratorResult<unknown>> => {
    const result = await iterator.next();
    ended = result.done === true;
    return result;
  };
  return () => {
    if (ended) {
      throw new DataError(
        'X_DATA_EMPTY',
        'the items of the data loader were used up in an earlier epoch; pass a function that makes them anew, or set length',
      );
    }
    return { [Symbol.asyncIterator]: () => ({ next }) };
  };
}
