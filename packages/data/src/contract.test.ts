import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '@x/trainer-core';
import { batchSamplerContract, dataLoaderContract, samplerContract, vocabularyContract } from '@x/testing';

import {
  BasicBatchSampler,
  BucketBatchSampler,
  dataLoader,
  datasetLoader,
  generatorLoader,
  IndexedVocabulary,
  MaxTokensBatchSampler,
  RandomSampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from './index.js';
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
dataLoaderContract(runner, {
  name: 'as many batches as there are in an epoch',
  make: () => dataLoader(sentences, { batchSampler: new MaxTokensBatchSampler({ maxTokens: 20, paddingNoise: 1 }) }),
});
dataLoaderContract(runner, {
  name: 'five batches of passes of several lengths',
  make: () =>
    dataLoader(sentences, {
      batchSampler: new MaxTokensBatchSampler({ maxTokens: 20, paddingNoise: 1 }),
      batchesPerEpoch: 5,
    }),
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

const weights = Array.from({ length: 26 }, (_, i) => i % 4);
const samplers = {
  sequential: () => new SequentialSampler(),
  random: () => new RandomSampler({ seed: 1 }),
  'random, with replacement': () => new RandomSampler({ seed: 1, replacement: true, numSamples: 40 }),
  subset_random: () => new SubsetRandomSampler({ indices: [3, 5, 25], seed: 1 }),
  weighted_random: () => new WeightedRandomSampler({ weights, numSamples: 40, seed: 1 }),
  'weighted_random, without replacement': () =>
    new WeightedRandomSampler({ weights, numSamples: 10, replacement: false, seed: 1 }),
};
for (const [name, make] of Object.entries(samplers)) samplerContract(runner, { name, make, size: 26 });

const batchSamplers = {
  basic: () => new BasicBatchSampler({ sampler: new RandomSampler({ seed: 1 }), batchSize: 4, dropLast: true }),
  bucket: () => new BucketBatchSampler({ batchSize: 4, seed: 1 }),
  'bucket, sorted': () => new BucketBatchSampler({ batchSize: 4, shuffle: false, dropLast: true }),
  max_tokens: () => new MaxTokensBatchSampler({ maxTokens: 20, seed: 1 }),
  'max_tokens, without noise': () => new MaxTokensBatchSampler({ maxTokens: 20, paddingNoise: 0, seed: 1 }),
};
for (const [name, make] of Object.entries(batchSamplers)) {
  batchSamplerContract(runner, { name, make, instances: () => sentences.map((sentence) => ({ ...sentence })) });
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
