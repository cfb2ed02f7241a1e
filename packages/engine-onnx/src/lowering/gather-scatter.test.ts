import * as tf from '@tensorflow/tfjs-core';

import { compiled, expectAgreement, sample, whole } from './__fixtures__/agrees.js';
import type { TestType } from './__fixtures__/agrees.js';
import { randomInts } from './__fixtures__/against-cpu.js';
import { NoLoweringError } from './lowering.js';

const TYPES: readonly TestType[] = ['float32', 'int32', 'bool'];

function table(rows: number[][]): tf.Tensor {
  return tf.tensor2d(rows, [rows.length, rows[0]!.length], 'int32');
}

describe('GatherV2', () => {
  test.each<readonly [x: number[], indices: number[], axis: number, batchDims: number]>([
    [[5, 3], [4], 0, 0],
    [[5, 3], [2, 2], 0, 0],
    [[3, 5], [4], 1, 0],
    [[3, 5, 2], [4], -2, 0],
    [[5], [], 0, 0],
    [[5, 3], [0], 0, 0],
    [[5, 0], [2], 0, 0],
    [[2, 5], [2, 4], 1, 1],
    [[2, 5, 3], [2, 4], 1, 1],
    [[2, 4, 5], [2, 3], 2, 1],
    [[2, 3, 5, 2], [2, 3, 4], 2, 2],
    [[2, 4, 5, 3], [2, 2, 2], 2, 1],
    [[1, 4, 5], [1, 3], 2, 1],
    [[2, 5], [2, 4], 1, -1],
    [[2, 5], [2], 1, 1],
  ])('of %j at indices %j, axis %d, %d batch axes', (shape, indexShape, axis, batchDims) => {
    const indices = randomInts(indexShape, 5, 7);
    for (const type of TYPES) {
      const x = sample(type, shape);
      expectAgreement('GatherV2', { x, indices }, { axis, batchDims }, 0);
    }
  });

  test.each([-1, 5])('at %d, which is out of range, is an error when it runs, as in tfjs', (index) => {
    const inputs = { x: sample('float32', [5, 3]), indices: whole(0, index) };
    expect(() => compiled('GatherV2', inputs, { axis: 0, batchDims: 0 })).toThrow(/out of data bounds/);
  });

  test.each([-1, 3])('at %d with batch axes does not read another batch', (index) => {
    const inputs = { x: sample('float32', [2, 3]), indices: table([[0], [index]]) };
    expect(() => compiled('GatherV2', inputs, { axis: 1, batchDims: 1 })).toThrow(/out of data bounds/);
  });
});

describe('GatherNd', () => {
  test.each<readonly [params: number[], indices: number[]]>([
    [
      [3, 3, 4],
      [5, 2],
    ],
    [
      [3, 3, 4],
      [2, 2, 1],
    ],
    [
      [3, 3, 3],
      [4, 3],
    ],
    [[3], [2, 1]],
    [
      [3, 3],
      [0, 1],
    ],
  ])('of %j at %j', (shape, indexShape) => {
    for (const type of TYPES) {
      expectAgreement('GatherNd', { params: sample(type, shape), indices: randomInts(indexShape, 3) }, {}, 0);
    }
  });

  test.each([-1, 3])('at %d is an error when it runs, as in tfjs', (index) => {
    const inputs = { params: sample('float32', [3, 2]), indices: table([[index]]) };
    expect(() => compiled('GatherNd', inputs)).toThrow(/invalid index/);
  });
});

describe('ScatterNd', () => {
  test.each<readonly [indices: number[], updates: number[], shape: number[]]>([
    [
      [5, 1],
      [5, 2],
      [4, 2],
    ],
    [[6, 2], [6], [4, 5]],
    [
      [2, 3, 1],
      [2, 3, 4],
      [4, 4],
    ],
    [[5], [5], [4]],
    [
      [0, 1],
      [0, 2],
      [4, 2],
    ],
  ])('of indices %j with updates %j adds up', (indexShape, updateShape, shape) => {
    const indices = randomInts(indexShape, 4, 5);
    for (const type of ['float32', 'int32'] as const) {
      expectAgreement('ScatterNd', { indices, updates: sample(type, updateShape) }, { shape });
    }
  });

  test('of booleans is refused: tfjs adds them', () => {
    const inputs = { indices: table([[0]]), updates: tf.tensor1d([1], 'bool') };
    expect(() => compiled('ScatterNd', inputs, { shape: [2] })).toThrow(NoLoweringError);
  });

  test.each([-1, 2])('at %d is an error when it runs, as in tfjs', (index) => {
    const inputs = { indices: table([[index]]), updates: tf.tensor1d([1]) };
    expect(() => compiled('ScatterNd', inputs, { shape: [2] })).toThrow(/invalid indice/);
  });
});

test('TensorScatterUpdate', () => {
  for (const type of TYPES) {
    const tensor = sample(type, [4, 3]);
    expectAgreement('TensorScatterUpdate', { tensor: tf.clone(tensor), indices: table([[2], [0]]), updates: sample(type, [2, 3], 2) }); // prettier-ignore
    expectAgreement('TensorScatterUpdate', { tensor: tf.clone(tensor), indices: table([[2, 1], [0, 0]]), updates: sample(type, [2], 2) }); // prettier-ignore
  }
});

describe('UnsortedSegmentSum', () => {
  test.each<readonly [x: number[], ids: number[], numSegments: number]>([
    [[7, 3], [7], 4],
    [[7], [7], 4],
    [[5, 2, 3], [5], 6],
    [[0, 3], [0], 2],
    [[3, 1], [3], 5],
  ])('of %j by ids %j', (shape, ids, numSegments) => {
    const segmentIds = randomInts(ids, 4, 3);
    for (const type of ['float32', 'int32'] as const) {
      expectAgreement('UnsortedSegmentSum', { x: sample(type, shape), segmentIds }, { numSegments });
    }
  });

  test.each([-1, 2])('into segment %d, which is out of range, is an error when it runs', (id) => {
    const inputs = { x: sample('float32', [2, 3]), segmentIds: whole(0, id) };
    expect(() => compiled('UnsortedSegmentSum', inputs, { numSegments: 2 })).toThrow(/invalid indice/);
  });

  // tfjs multiplies with masks, which makes NaN of every segment
  test('keeps NaN in its own segment', () => {
    const inputs = { x: tf.tensor1d([NaN, 2, 3]), segmentIds: whole(0, 1, 1) };
    expect(compiled('UnsortedSegmentSum', inputs, { numSegments: 2 })[0]!.data).toEqual([NaN, 5]);
  });
});

describe('SparseToDense', () => {
  test.each<readonly [sparseIndices: tf.Tensor, values: number[], outputShape: number[]]>([
    [whole(3, 0, 2), [3], [5]],
    [whole(3, 0, 2), [], [5]],
    [table([[0, 1], [2, 0]]), [2], [3, 2]], // prettier-ignore
    [table([[1], [3]]), [2], [4]], // prettier-ignore
  ])('%#', (sparseIndices, values, outputShape) => {
    for (const type of TYPES) {
      const inputs = { sparseIndices, sparseValues: sample(type, values), defaultValue: sample(type, [], 9) };
      expectAgreement('SparseToDense', inputs, { outputShape });
    }
  });
});

describe('bincount', () => {
  const weights = (shape: number[], type: TestType): tf.Tensor[] => [sample(type, shape, 2), tf.zeros([0], type)];

  test.each([[[9]], [[3, 5]]])('of %j', (shape) => {
    for (const type of ['float32', 'int32'] as const) {
      for (const weight of weights(shape, type)) {
        const inputs = { x: randomInts(shape, 6), weights: weight };
        expectAgreement('DenseBincount', inputs, { size: 4, binaryOutput: false });
        if (shape.length === 1) expectAgreement('Bincount', inputs, { size: 4 });
        else expectAgreement('DenseBincount', inputs, { size: 4, binaryOutput: true });
      }
    }
  });

  // tfjs has forgotten `binaryOutput` for rank 1; TensorFlow has [1, 0, 1]
  test('of rank 1 tells what occurs', () => {
    const inputs = { x: whole(0, 2, 2), weights: tf.zeros([0]) };
    expect(compiled('DenseBincount', inputs, { size: 3, binaryOutput: true })[0]!.data).toEqual([1, 0, 1]);
  });
});

test.each(['left', 'right'])('SearchSorted %s', (side) => {
  const sortedSequence = tf.tensor2d([[1, 3, 3, 7], [0, 0, 2, 9]]); // prettier-ignore
  const values = tf.tensor2d([[0, 3, 8], [0, 9, 2]]); // prettier-ignore
  expectAgreement('SearchSorted', { sortedSequence, values }, { side });
  const [rows, found] = [tf.cast(sortedSequence, 'int32'), tf.cast(values, 'int32')];
  expectAgreement('SearchSorted', { sortedSequence: rows, values: found }, { side });
});

describe('TopK', () => {
  test.each([
    [[7], 3],
    [[3, 5], 5],
    [[2, 3, 4], 1],
    [[4, 1], 1],
  ])('of %j, %d', (shape, k) => {
    // prettier-ignore
    for (const type of TYPES) expectAgreement('TopK', { x: sample(type, shape) }, { k, sorted: true });
  });

  test('takes the first of equal ones first', () => {
    expectAgreement('TopK', { x: tf.tensor1d([1, 2, 2, 3, 2, -Infinity, Infinity]) }, { k: 5, sorted: true });
  });
});
