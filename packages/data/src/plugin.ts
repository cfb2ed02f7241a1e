import type { Plugin } from '@x/trainer-core';
import { definePlugin } from '@x/trainer-core';

import { ArrayDataLoader } from './array-data-loader.js';
import { BasicBatchSampler } from './basic-batch-sampler.js';
import { BucketBatchSampler } from './bucket-batch-sampler.js';
import { JsonlReader } from './jsonl-reader.js';
import { MaxTokensBatchSampler } from './max-tokens-batch-sampler.js';
import { RandomSampler } from './random-sampler.js';
import { SequentialSampler } from './sequential-sampler.js';
import { SubsetRandomSampler } from './subset-random-sampler.js';
import { WeightedRandomSampler } from './weighted-random-sampler.js';
import { IndexedVocabulary } from './vocabulary/indexed-vocabulary.js';

const plugin: Plugin = definePlugin({
  name: '@x/data',
  provides: [
    ArrayDataLoader,
    SequentialSampler,
    RandomSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
    BasicBatchSampler,
    BucketBatchSampler,
    MaxTokensBatchSampler,
    JsonlReader,
    IndexedVocabulary,
  ],
});

export default plugin;
