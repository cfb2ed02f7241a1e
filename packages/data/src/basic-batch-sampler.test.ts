import golden from './__fixtures__/allennlp-1-data.json' with { type: 'json' };
import { BasicBatchSampler } from './basic-batch-sampler.js';
import { RandomSampler } from './random-sampler.js';
import { SequentialSampler } from './sequential-sampler.js';

test.each(golden.basic)('as the original: $n examples, $batch_size a batch, drop_last $drop_last', (expected) => {
  const { n, batch_size: batchSize, drop_last: dropLast, batches } = expected;
  const sampler = new BasicBatchSampler({ sampler: new SequentialSampler(), batchSize, dropLast });
  const instances = Array.from({ length: n }, () => ({}));
  expect(sampler.batches(instances, 0)).toEqual(batches);
  expect(sampler.length(instances)).toBe(batches.length);
});

test('the order is that of the sampler, in every epoch', () => {
  const order = new RandomSampler({ seed: 2, numSamples: 5 });
  const sampler = new BasicBatchSampler({ sampler: order, batchSize: 2 });
  const instances = Array.from({ length: 9 }, () => ({}));
  for (const epoch of [0, 1]) expect(sampler.batches(instances, epoch).flat()).toEqual([...order.indices(9, epoch)]);
});
