import '@tensorflow/tfjs';
import { BatchSampler, DataLoader, Dataset, disposeBatch, withLog } from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { expectError } from '../lib/errors.mjs';
import { ParityRun } from '../lib/run.mjs';

/** data.json: batches of samplers before their shuffle, and of the data loader over several epochs. */
export function cases(file) {
  return Object.entries(SECTIONS).flatMap(([section, run]) =>
    (file[section] ?? []).map((fixture, i) => ({ name: `${section}[${i}]`, fixture, run: () => run(fixture) })),
  );
}

const SECTIONS = {
  bucket: (fixture) => samplerCase('bucket', fixture),
  max_tokens: (fixture) => samplerCase('max_tokens_sampler', fixture),
  dataloader_batches_per_epoch: dataLoaderCase,
  basic: basicCase,
};

/** Without its shuffle a sampler has no noise either, as in the recording. */
function samplerCase(type, { options, lengths, error, ...expected }) {
  const instances = instancesOf(lengths);
  const sample = () => {
    const sampler = new ParityRun({}).build(BatchSampler, { type, ...options, shuffle: false });
    return {
      batches_before_shuffle: sampler.batches(instances, 0),
      len: sampler.length(instances),
      sorting_keys_used: sampler.sortingKeys(instances),
    };
  };
  if (error !== undefined) return expectError(error, () => silently(sample));
  compareAll(expected, silently(sample));
}

function basicCase({ n, batch_size, drop_last, error, batches, len = batches?.length }) {
  const sample = () => {
    const sampler = new ParityRun({}).build(BatchSampler, {
      type: 'basic',
      sampler: 'sequential',
      batch_size,
      drop_last,
    });
    const instances = Array.from({ length: n }, () => ({}));
    return { batches: sampler.batches(instances, 0), len: sampler.length(instances) };
  };
  if (error !== undefined) return expectError(error, sample);
  compareAll({ batches, len }, sample());
}

async function dataLoaderCase({ dataset_size: size, batch_size, batches_per_epoch, drop_last, ...fixture }) {
  const { options = {}, error, len, epochs } = fixture;
  const build = () => {
    const run = new ParityRun({});
    run.container.provide(
      Dataset,
      Array.from({ length: size }, (_, i) => ({ i })),
    );
    return run.build(DataLoader, { type: 'default', batch_size, batches_per_epoch, drop_last, ...options });
  };
  if (error !== undefined) return expectError(error, build);
  const loader = build();
  compare(len, loader.length(), 'len', 0);
  for (const [epoch, expected] of epochs.entries()) {
    const received = [];
    for await (const batch of loader.epoch({ epoch })) {
      received.push([...batch.i.dataSync()]);
      disposeBatch(batch);
    }
    compare(expected, received, `epochs[${epoch}]`, 0);
  }
}

/** Of what was recorded, all that was received. */
function compareAll(expected, received) {
  for (const [key, value] of Object.entries(received)) {
    if (expected[key] !== undefined) compare(expected[key], value, key, 0);
  }
}

/** Examples whose fields are lists of the given lengths. */
function instancesOf(lengths) {
  const size = Math.max(0, ...Object.values(lengths).map((column) => column.length));
  return Array.from({ length: size }, (_, i) =>
    Object.fromEntries(Object.entries(lengths).map(([name, column]) => [name, new Int32Array(column[i])])),
  );
}

/** Instances that are too long are warned of. */
function silently(run) {
  return withLog({ info: () => undefined, warn: () => undefined }, run);
}
