import * as tf from '@tensorflow/tfjs';
import type { Batch } from '@x/trainer-core';
import { disposeBatch } from '@x/trainer-core';

import { drain, drainField } from './__fixtures__/drain.js';
import { datasetLoader } from './dataset-loader.js';
import { generatorLoader } from './generator-loader.js';

function* batches(n: number, offset = 0): Generator<Batch> {
  for (let i = 0; i < n; i++) yield { x: tf.tensor1d([offset + i], 'int32') };
}

afterEach(() => {
  expect(tf.memory().numTensors).toBe(0);
});

describe('a generator function', () => {
  test('is called for every epoch with its number', async () => {
    const loader = generatorLoader((epoch) => batches(2, 10 * epoch));
    expect(loader.resumability).toBe('replayable');
    expect(loader.length()).toBeNull();
    expect(await drainField(loader, 'x', { epoch: 0 })).toEqual([[0], [1]]);
    expect(await drainField(loader, 'x', { epoch: 3 })).toEqual([[30], [31]]);
  });

  test('is replayed up to the batch to start at', async () => {
    const loader = generatorLoader(() => batches(5));
    expect(await drainField(loader, 'x', { start: 3 })).toEqual([[3], [4]]);
  });

  test('gives each worker its share, equally many', async () => {
    const loader = generatorLoader(() => batches(5), { length: 5 });
    expect(loader.length(2)).toBe(2);
    expect(await drainField(loader, 'x', { rank: 0, worldSize: 2 })).toEqual([[0], [2]]);
    expect(await drainField(loader, 'x', { rank: 1, worldSize: 2 })).toEqual([[1], [3]]);
    expect(await drainField(loader, 'x', { rank: 1, worldSize: 2, start: 1 })).toEqual([[3]]);
  });

  test('may say that it cannot be called again', () => {
    expect(generatorLoader(() => batches(1), { resumability: 'once' }).resumability).toBe('once');
  });

  test('ends an epoch after its length', async () => {
    const endless = generatorLoader(() => batches(Infinity), { length: 2 });
    expect(await drainField(endless, 'x')).toEqual([[0], [1]]);
  });

  test('that ends before its length is an error', async () => {
    await expect(drain(generatorLoader(() => batches(2), { length: 3 }))).rejects.toThrow(
      'the stream ended after 2 batches of an epoch, where its length promises 3',
    );
  });

  test.each([5, null, 'x', [1]])('that gives %p in place of a batch is an error', async (item) => {
    await expect(drain(generatorLoader(() => [item]))).rejects.toThrow(
      'expected a batch: an object with named tensors',
    );
  });

  test('that gives a bare tensor is an error, and the tensor is disposed', async () => {
    await expect(drain(generatorLoader(() => [tf.scalar(1)]))).rejects.toThrow(
      'the stream gave an object; expected a batch',
    );
  });

  test('is closed when the consumer stops, and nothing is left of batches made ahead', async () => {
    let closed = false;
    const loader = generatorLoader(
      async function* () {
        try {
          yield* batches(10);
        } finally {
          closed = true;
        }
      },
      { prefetch: 3 },
    );
    for await (const batch of loader.epoch({ epoch: 0, worldSize: 2 })) {
      disposeBatch(batch);
      break;
    }
    expect(closed).toBe(true);
  });
});

describe('instances', () => {
  const rows = [{ x: [1, 2] }, { x: [3] }, { x: [4] }];

  test('become batches', async () => {
    expect(await drain(generatorLoader(() => rows, { batchSize: 2 }))).toEqual([
      {
        x: [
          [1, 2],
          [3, 0],
        ],
        xMask: [
          [1, 1],
          [1, 0],
        ],
      },
      { x: [[4]], xMask: [[1]] },
    ]);
    expect(await drain(generatorLoader(() => rows, { batchSize: 2, dropLast: true }))).toHaveLength(1);
  });

  test.each([
    [[{ x: 1 }, { x: 0.5 }], 'instance 1: field "x" is in a batch with numbers that int32 cannot hold'],
    [[{ x: [1] }, { x: [1, 2] }], 'set fields.x.mask to true if lengths vary'],
    [[{ x: [1] }, { x: 1 }], 'with numbers 0 lists deep where the data before have them 1 deep'],
    [[{ x: 'a' }, { x: 1 }], 'instance 1: field "x" holds the number 1 where others hold a string'],
    [[{ x: 1 }, { y: 1 }], 'instance 1 lacks the field "x"'],
  ])('unlike those of the first batch are an error: %j', async (instances, message) => {
    await expect(drain(generatorLoader(() => instances, { batchSize: 1 }))).rejects.toThrow(message);
  });

  test('are what their options say from the first batch on', async () => {
    const fields = { x: { dtype: 'float32' as const, mask: true } };
    expect(await drain(generatorLoader(() => [{ x: [1] }, { x: [0.5, 2] }], { batchSize: 1, fields }))).toEqual([
      { x: [[1]], xMask: [[1]] },
      { x: [[0.5, 2]], xMask: [[1, 1]] },
    ]);
  });
});

describe('a generator object', () => {
  test('goes on where the last epoch stopped', async () => {
    const loader = generatorLoader(batches(Infinity), { length: 2 });
    expect(loader.resumability).toBe('once');
    expect(await drainField(loader, 'x', { epoch: 0 })).toEqual([[0], [1]]);
    expect(await drainField(loader, 'x', { epoch: 1 })).toEqual([[2], [3]]);
  });

  test('skips nothing in a run that goes on, but gives the rest of the epoch only', async () => {
    const loader = generatorLoader(batches(Infinity), { length: 3 });
    expect(await drainField(loader, 'x', { start: 1 })).toEqual([[0], [1]]);
  });

  test('that has ended is an error in the next epoch', async () => {
    const loader = generatorLoader(batches(1));
    await drain(loader);
    await expect(drain(loader, { epoch: 1 })).rejects.toMatchObject({ code: 'X_DATA_EMPTY' });
  });
});

describe('a tf.data data set', () => {
  const dataset = (): tf.data.Dataset<tf.TensorContainer> =>
    tf.data
      .array([
        { xs: 1, ys: 10 },
        { xs: 2, ys: 20 },
        { xs: 3, ys: 30 },
      ])
      .batch(2);

  test('gives its elements, every epoch anew', async () => {
    const loader = datasetLoader(dataset());
    expect(loader.resumability).toBe('replayable');
    expect(loader.length()).toBe(2);
    const expected = [
      { xs: [1, 2], ys: [10, 20] },
      { xs: [3], ys: [30] },
    ];
    expect(await drain(loader, { epoch: 0 })).toEqual(expected);
    expect(await drain(loader, { epoch: 1 })).toEqual(expected);
    expect(await drain(loader, { start: 1 })).toEqual(expected.slice(1));
  });

  test('may have no known size', () => {
    expect(
      datasetLoader(tf.data.generator(() => batches(2) as unknown as Iterator<tf.TensorContainer>)).length(),
    ).toBeNull();
    expect(datasetLoader(dataset().repeat(), { length: 7 }).length()).toBe(7);
  });
});
