import * as tf from '@tensorflow/tfjs';

import { disposeBatch } from '../contracts/batch.js';
import type { Batch } from '../contracts/batch.js';
import type { DataLoader, EpochRequest } from '../contracts/data-loader.js';
import { RandomStreams } from '../random/streams.js';
import { classWeights } from './class-weights.js';
import { DatasetLoader } from './dataset-loader.js';
import { TensorLoader } from './tensor-loader.js';

const stream = new RandomStreams(1).stream('shuffle');
const inOrder = { batchSize: 2, shuffle: null, firstEpoch: 0 };

/** The values of `x` in the batches of an epoch. */
async function epoch(loader: DataLoader, request: EpochRequest): Promise<number[][]> {
  const batches: number[][] = [];
  for await (const batch of loader.epoch(request)) {
    batches.push([...(batch['x'] as tf.Tensor).dataSync()]);
    disposeBatch(batch);
  }
  return batches;
}

describe('TensorLoader', () => {
  const data = (): Batch => ({ x: tf.tensor1d([0, 1, 2, 3, 4]), y: { a: tf.tensor1d([0, 10, 20, 30, 40], 'int32') } });

  it('cuts the data into batches, the last one shorter, and goes on from any of them', async () => {
    const loader = new TensorLoader(data(), inOrder);

    expect(loader.length()).toBe(3);
    expect(await epoch(loader, { epoch: 0 })).toEqual([[0, 1], [2, 3], [4]]);
    expect(await epoch(loader, { epoch: 0, start: 2 })).toEqual([[4]]);
  });

  it('gives workers equally many batches', async () => {
    const loader = new TensorLoader(data(), inOrder);

    expect(await epoch(loader, { epoch: 0, rank: 0, worldSize: 2 })).toEqual([[0, 1]]);
    expect(await epoch(loader, { epoch: 0, rank: 1, worldSize: 2 })).toEqual([[2, 3]]);
  });

  it('shuffles inputs and labels alike, anew in every epoch, by seed and number of the epoch', async () => {
    const loader = new TensorLoader(data(), { ...inOrder, batchSize: 5, shuffle: stream });
    const later = new TensorLoader(data(), { ...inOrder, batchSize: 5, shuffle: stream, firstEpoch: 3 });
    const [first] = await epoch(loader, { epoch: 0 });

    expect([...first!].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(await epoch(loader, { epoch: 0 })).toEqual([first]);
    expect(await epoch(loader, { epoch: 3 })).not.toEqual([first]);
    expect(await epoch(later, { epoch: 0 })).toEqual(await epoch(loader, { epoch: 3 }));
    for await (const batch of loader.epoch({ epoch: 0 })) {
      const { x, y } = batch as { x: tf.Tensor; y: { a: tf.Tensor } };
      expect([...y.a.dataSync()]).toEqual([...x.dataSync()].map((value) => 10 * value));
      expect(y.a.dtype).toBe('int32');
    }
  });

  it('refuses inputs and labels of different lengths', () => {
    expect(() => new TensorLoader({ x: tf.ones([3]), y: tf.ones([4]) }, inOrder)).toThrow(
      /equally many examples, received \[3, 4\]/,
    );
  });
});

describe('DatasetLoader', () => {
  const dataset = (): tf.data.Dataset<tf.TensorContainer> =>
    tf.data.array([0, 1, 2, 3, 4]).map((i) => ({ xs: tf.tensor1d([i as number]), ys: tf.tensor1d([1]) }));

  it('gives the whole data set in every epoch', async () => {
    const loader = new DatasetLoader(dataset(), null);

    expect(loader.length()).toBeNull();
    expect(await epoch(loader, { epoch: 0 })).toEqual([[0], [1], [2], [3], [4]]);
    expect(await epoch(loader, { epoch: 1, start: 3 })).toEqual([[3], [4]]);
  });

  it('goes on where the last epoch of so many batches ended', async () => {
    const loader = new DatasetLoader(dataset(), 3);

    expect(loader.length()).toBe(3);
    expect(await epoch(loader, { epoch: 0 })).toEqual([[0], [1], [2]]);
    expect(await epoch(loader, { epoch: 1 })).toEqual([[3], [4], [0]]);
  });

  it('says what elements it expects', async () => {
    const loader = new DatasetLoader(tf.data.array([tf.ones([1])]), null);

    await expect(epoch(loader, { epoch: 0 })).rejects.toThrow(/\{ xs, ys \}/);
  });
});

describe('classWeights', () => {
  it.each([
    [tf.tensor1d([0, 1, 1])],
    [tf.tensor2d([[0], [1], [1]])],
    [
      tf.tensor2d([
        [1, 0],
        [0, 1],
        [0, 1],
      ]),
    ],
  ])('are by class number, also of one-hot labels %#', async (labels) => {
    expect([...(await classWeights(labels, { 0: 1, 1: 5 })).dataSync()]).toEqual([1, 5, 5]);
  });

  it('must be given for every class', async () => {
    await expect(classWeights(tf.tensor1d([0, 2]), { 0: 1 })).rejects.toThrow(/no weight for class 2/);
  });
});
