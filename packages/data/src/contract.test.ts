import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '@x/trainer-core';
import { dataLoaderContract, vocabularyContract } from '@x/testing';

import { BucketBatchSampler, dataLoader, datasetLoader, generatorLoader, IndexedVocabulary } from './index.js';
import type { GeneratorLoaderOptions } from './index.js';

const runner = { describe, it };
const columns = {
  x: Float32Array.from({ length: 26 }, (_, i) => i / 7),
  y: Int32Array.from({ length: 26 }, (_, i) => i),
};
const sentences = Array.from({ length: 26 }, (_, i) => ({
  tokens: Array.from({ length: 1 + ((i * 5) % 9) }, () => i),
  id: `${i}`,
}));

dataLoaderContract(runner, { name: 'in order', make: () => dataLoader(columns, { batchSize: 4 }) });
dataLoaderContract(runner, {
  name: 'shuffled',
  make: () => dataLoader(columns, { batchSize: 4, shuffle: true, seed: 3 }),
});
dataLoaderContract(runner, {
  name: 'shuffled, made ahead',
  make: () => dataLoader(columns, { batchSize: 4, shuffle: true, seed: 3, prefetch: 2 }),
});
dataLoaderContract(runner, {
  name: 'epochs of five batches',
  make: () => dataLoader(columns, { batchSize: 4, shuffle: true, seed: 3, dropLast: true, batchesPerEpoch: 5 }),
});
dataLoaderContract(runner, {
  name: 'buckets of padded lists',
  make: () =>
    dataLoader(sentences, { batchSampler: new BucketBatchSampler({ batchSize: 4, sortingKeys: ['tokens'] }) }),
});

function* rows(epoch: number): Generator<Record<string, unknown>> {
  for (let i = 0; i < 26; i++) yield { x: [i, epoch], id: i };
}

function* batches(epoch: number): Generator<Batch> {
  for (let i = 0; i < 7; i++) yield { x: tf.tensor1d([i, epoch]) };
}

const streams: Readonly<Record<string, GeneratorLoaderOptions>> = {
  'of rows': { batchSize: 4 },
  'of rows, with a length': { batchSize: 4, dropLast: true, length: 6 },
  'of rows, made ahead': { batchSize: 4, prefetch: 3 },
};
for (const [name, options] of Object.entries(streams)) {
  dataLoaderContract(runner, { name: `a generator ${name}`, make: () => generatorLoader(rows, options) });
}
dataLoaderContract(runner, { name: 'a generator of batches', make: () => generatorLoader(batches) });
dataLoaderContract(runner, { name: 'a generator object', make: () => generatorLoader(batches(0)) });
dataLoaderContract(runner, {
  name: 'a data set that is read again for every epoch',
  make: () => datasetLoader({ iterator: async () => stepping(batches(0)) }),
});

/** The iterator that a tf.data data set has. */
function stepping(items: Generator<unknown>): { next(): Promise<{ value: unknown; done: boolean }> } {
  return {
    next: async () => {
      const { value, done = false } = items.next();
      return { value, done };
    },
  };
}

vocabularyContract(runner, {
  name: 'IndexedVocabulary',
  make: () =>
    IndexedVocabulary.fromInstances([{ words: ['a', 'b\nc', '\r', ' '], label: 'd' }], {
      words: 'tokens',
      label: 'labels',
    }),
  load: (folder) => IndexedVocabulary.fromFiles(folder),
  namespaces: ['tokens', 'labels'],
});
