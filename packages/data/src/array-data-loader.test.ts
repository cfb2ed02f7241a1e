import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import {
  BatchSampler,
  DataLoader,
  Dataset,
  disposeBatch,
  RandomStreams,
  RandomStreamsToken,
  Registry,
  RunContainer,
  component,
  validate,
  withRegistry,
} from '@x/trainer-core';
import { z } from 'zod';

import golden from './__fixtures__/allennlp-1-data.json' with { type: 'json' };
import { drain, drainField } from './__fixtures__/drain.js';
import { ArrayDataLoader, dataLoader } from './array-data-loader.js';
import type { ArrayDataLoaderOptions } from './array-data-loader.js';
import { BucketBatchSampler } from './bucket-batch-sampler.js';
import plugin from './index.js';
import { RandomSampler } from './random-sampler.js';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const numbered = (n: number): { i: number }[] => range(n).map((i) => ({ i }));

/** A loader as a run with this config and data set builds it. */
function fromConfig(config: unknown, instances: readonly { i: number }[], streams?: RandomStreams): DataLoader {
  const registry = new Registry([plugin]);
  const result = withRegistry(registry, () =>
    validate(z.strictObject({ dataLoader: component(DataLoader) }), { dataLoader: config }),
  );
  if (!result.ok)
    throw new Error(result.problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
  const run = new RunContainer(registry);
  run.provide(Dataset, instances);
  if (streams !== undefined) run.provide(RandomStreamsToken, streams);
  return run.build(result.value.dataLoader);
}

afterEach(() => {
  expect(tf.memory().numTensors).toBe(0);
});

describe('batches of the original', () => {
  test.each(golden.basic)('$n examples, batch size $batch_size, drop_last $drop_last', async (c) => {
    const loader = dataLoader(numbered(c.n), { batchSize: c.batch_size, dropLast: c.drop_last });
    expect(await drainField(loader, 'i')).toEqual(c.batches);
    expect(loader.length()).toBe(c.batches.length);
  });

  test.each(golden.dataloader_batches_per_epoch)(
    '$dataset_size examples, batch size $batch_size, batches_per_epoch $batches_per_epoch',
    async (c) => {
      const loader = dataLoader(numbered(c.dataset_size), {
        batchSize: c.batch_size,
        dropLast: c.drop_last,
        batchesPerEpoch: c.batches_per_epoch ?? undefined,
      });
      expect(loader.length()).toBe(c.len);
      for (const [epoch, batches] of c.epochs.entries()) {
        expect(await drainField(loader, 'i', { epoch })).toEqual(batches);
      }
    },
  );
});

describe('order', () => {
  test('an epoch is the permutation of the shuffle stream at its number', async () => {
    const loader = dataLoader(numbered(10), { batchSize: 10, shuffle: true, seed: 5 });
    const expected = new RandomStreams(5).stream('shuffle').at(3).permutation(10);
    expect(await drainField(loader, 'i', { epoch: 3 })).toEqual([[...expected]]);
  });

  test('epochs differ from each other and each is the same again', async () => {
    const loader = dataLoader(numbered(50), { batchSize: 50, shuffle: true, seed: 5 });
    const first = await drainField(loader, 'i', { epoch: 0 });
    expect(await drainField(loader, 'i', { epoch: 1 })).not.toEqual(first);
    expect(await drainField(loader, 'i', { epoch: 0 })).toEqual(first);
  });

  test.each([{}, { batchesPerEpoch: 5 }, { sampler: new RandomSampler({ seed: 2 }) }])(
    'starting at a batch gives what a whole epoch gives from there on: %p',
    async (options) => {
      const shuffle = !('sampler' in options);
      const loader = dataLoader(numbered(23), { batchSize: 3, shuffle, ...options });
      const whole = await drainField(loader, 'i', { epoch: 4 });
      expect(await drainField(loader, 'i', { epoch: 4, start: 2 })).toEqual(whole.slice(2));
    },
  );

  test('workers share an epoch, equally many batches each', async () => {
    const loader = dataLoader(numbered(11), { batchSize: 2 });
    const shares = await Promise.all([0, 1].map((rank) => drainField(loader, 'i', { rank, worldSize: 2 })));
    // six batches
    expect(shares).toEqual([
      [
        [0, 1],
        [4, 5],
        [8, 9],
      ],
      [[2, 3], [6, 7], [10]],
    ]);
    expect(loader.length(2)).toBe(3);
    // with four workers, the last two batches are one too few for another round
    expect(loader.length(4)).toBe(1);
    expect(await drainField(loader, 'i', { rank: 3, worldSize: 4 })).toEqual([[6, 7]]);
  });

  test('a worker starts at the batch that it would have come to', async () => {
    const loader = dataLoader(numbered(12), { batchSize: 1, shuffle: true });
    const whole = await drainField(loader, 'i', { rank: 1, worldSize: 3 });
    expect(await drainField(loader, 'i', { rank: 1, worldSize: 3, start: 2 })).toEqual(whole.slice(2));
  });

  test('without data there is no batch', async () => {
    const loader = dataLoader([], { batchSize: 4, shuffle: true, batchesPerEpoch: 3 });
    expect(loader.length()).toBe(0);
    expect(await drain(loader)).toEqual([]);
  });
});

describe('columns', () => {
  test('typed arrays, shaped arrays, tensors and lists are taken row by row', async () => {
    const tensor = tf.tensor2d([
      [1.5, 2],
      [3, 4],
      [5, 6],
    ]);
    const loader = dataLoader(
      {
        a: new Float32Array([0.5, 1, 2]),
        b: { data: new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), shape: [3, 2, 2] },
        c: tensor,
        d: ['x', 'y', 'z'],
        e: [[1], [2], [3]],
      },
      { batchSize: 2 },
    );
    const [first, second] = await drain(loader);
    expect(first).toEqual({
      a: [0.5, 1],
      b: [
        [
          [1, 2],
          [3, 4],
        ],
        [
          [5, 6],
          [7, 8],
        ],
      ],
      c: [
        [1.5, 2],
        [3, 4],
      ],
      d: ['x', 'y'],
      e: [[1], [2]],
    });
    expect(second).toEqual({
      a: [2],
      b: [
        [
          [9, 10],
          [11, 12],
        ],
      ],
      c: [[5, 6]],
      d: ['z'],
      e: [[3]],
    });
    tensor.dispose();
  });

  test('dtypes are those of the arrays unless told', async () => {
    const loader = dataLoader(
      {
        pixels: new Uint8Array([1, 2]),
        label: new Uint8Array([0, 1]),
        real: new Float64Array(2),
        big: new Uint32Array(2),
      },
      { fields: { pixels: { dtype: 'float32' } } },
    );
    for await (const batch of loader.epoch({ epoch: 0 })) {
      const dtypes = Object.fromEntries(
        Object.entries(batch).map(([name, value]) => [name, (value as tf.Tensor).dtype]),
      );
      expect(dtypes).toEqual({ pixels: 'float32', label: 'int32', real: 'float32', big: 'float32' });
      disposeBatch(batch);
    }
  });

  test.each([
    [{ x: [1, 2], y: [1] }, 'x 2, y 1'],
    [
      { x: { data: new Float32Array(5), shape: [2, 2] } },
      'column "x" has 5 numbers and the shape [2, 2], which holds 4',
    ],
    [{ x: 5 }, 'column "x" is of type number'],
  ])('%p cannot be used', (columns, message) => {
    expect(() => dataLoader(columns as never)).toThrow(message);
  });
});

describe('options', () => {
  const bucket = new BucketBatchSampler({ batchSize: 2 });
  test.each([
    [{ batchSampler: bucket, batchSize: 2 }, 'batchSize: cannot be combined with batchSampler'],
    [{ batchSampler: bucket, dropLast: true }, 'dropLast: cannot be combined with batchSampler'],
    [{ sampler: new RandomSampler(), shuffle: true }, 'shuffle: cannot be combined with sampler'],
    [{ seed: 1 }, 'seed: is the seed of shuffle, which is off'],
    [{ fields: { labels: {} } }, 'there are options for the field "labels", but the data have i'],
    [{ batchsize: 2 }, 'did you mean "batchSize"?'],
  ])('%p is refused', (options, message) => {
    expect(() => dataLoader(numbered(3), options as never)).toThrow(message);
  });

  test('a batch sampler decides the batches', async () => {
    class Pairs extends BatchSampler {
      override batches(instances: readonly unknown[], epoch: number): number[][] {
        return [[epoch, instances.length - 1]];
      }
      override length(): number {
        return 1;
      }
    }
    const loader = dataLoader({ i: range(6) }, { batchSampler: new Pairs() });
    expect(await drainField(loader, 'i', { epoch: 2 })).toEqual([[2, 5]]);
    expect(loader.length()).toBe(1);
  });
});

describe('from a config', () => {
  test("the original's spelling gives a loader over the data set of the run", async () => {
    const loader = fromConfig({ batch_size: 2, drop_last: true }, numbered(5));
    expect(loader).toBeInstanceOf(ArrayDataLoader);
    expect(await drainField(loader, 'i')).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  test.each([{ shuffle: true }, { sampler: 'random' }])('%p orders by the streams of the run', async (config) => {
    const loader = fromConfig({ batchSize: 10, ...config }, numbered(10), new RandomStreams(99));
    expect(await drainField(loader, 'i')).toEqual([[...new RandomStreams(99).stream('shuffle').at(0).permutation(10)]]);
  });

  test("a seed of its own goes before the run's", async () => {
    const loader = fromConfig({ batchSize: 10, shuffle: true, seed: 7 }, numbered(10), new RandomStreams(99));
    expect(await drainField(loader, 'i')).toEqual([[...new RandomStreams(7).stream('shuffle').at(0).permutation(10)]]);
  });

  test('a batch sampler is built by its name', async () => {
    const instances = [[1, 2, 3], [1], [1, 2]].map((tokens, i) => ({ i, tokens }));
    const config = { batchSampler: { type: 'bucket', batch_size: 2, padding_noise: 0, shuffle: false } };
    expect(await drainField(fromConfig(config, instances), 'i')).toEqual([[1, 2], [0]]);
  });
});

test('batches made ahead are disposed when the consumer stops', async () => {
  const loader = dataLoader(numbered(20), { batchSize: 2, prefetch: 4 });
  for await (const batch of loader.epoch({ epoch: 0 })) {
    disposeBatch(batch);
    break;
  }
  expect(await drainField(loader, 'i', { start: 8 })).toEqual([
    [16, 17],
    [18, 19],
  ]);
});

test('loaders say the same of themselves when they give the same batches, and not with another seed, grouping or size', () => {
  const described = (options: ArrayDataLoaderOptions, count = 20): string =>
    JSON.stringify(dataLoader(numbered(count), options).describe());
  const first = described({ batchSize: 4, shuffle: true, seed: 1, prefetch: 2 });
  expect(described({ batchSize: 4, shuffle: true, seed: 1 })).toBe(first);
  const others = [
    described({ batchSize: 4, shuffle: true, seed: 2 }),
    described({ batchSize: 5, shuffle: true, seed: 1 }),
    described({ batchSize: 4 }),
    described({ batchSize: 4, shuffle: true, seed: 1, batchesPerEpoch: 3 }),
    described({ batchSize: 4, shuffle: true, seed: 1 }, 21),
  ];
  expect(new Set([first, ...others]).size).toBe(6);
});
