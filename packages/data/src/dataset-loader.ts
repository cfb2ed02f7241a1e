import type { StreamOptions } from './stream-data-loader.js';
import { StreamDataLoader } from './stream-data-loader.js';

/** What is needed of a `tf.data.Dataset`; tfjs-data itself is not. */
export interface DatasetLike {
  iterator(): Promise<{ next(): Promise<{ readonly value: unknown; readonly done?: boolean | undefined }> }>;
  /** The number of elements, if known. */
  readonly size?: number | null | undefined;
}

/** Options of {@link datasetLoader}. */
export interface DatasetLoaderOptions extends Omit<StreamOptions, 'batchSize' | 'dropLast' | 'fields' | 'vocabulary'> {
  /** `once` for a data set whose iterators differ, such as one with `shuffle`. Default: `replayable`. */
  readonly resumability?: 'replayable' | 'once';
}

/**
 * A loader over a batched `tf.data.Dataset` whose elements are objects, as `{ xs: tensor, ys: tensor }`. Every epoch asks
 * for a new iterator. `length` is the data set's size where it knows it.
 *
 * @example datasetLoader(tf.data.csv(url, options).batch(32))
 */
export function datasetLoader(
  dataset: DatasetLike,
  { resumability = 'replayable', ...options }: DatasetLoaderOptions = {},
): StreamDataLoader {
  const { size } = dataset;
  const known = typeof size === 'number' && Number.isInteger(size) && size > 0 ? { length: size } : {};
  return new StreamDataLoader({ resumability, open: () => elements(dataset) }, { ...known, ...options });
}

async function* elements(dataset: DatasetLike): AsyncGenerator<unknown> {
  const iterator = await dataset.iterator();
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
}
