import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import type { Outputs } from '../contracts/batch.js';
import { ParameterSet } from '../state/parameters.js';
import { sparseLookup } from './sparse-lookup.js';
import { valueAndGradients } from './value-and-gradients.js';

const table = tf.tidy(() =>
  tf.variable(
    tf.tensor2d([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ]),
  ),
);
const parameters = [...ParameterSet.of({ table })];

/** The gradient of a loss by the table, and the rows it touches. */
function differentiate(loss: () => tf.Tensor): { gradient: number[]; rows: number[] | undefined; shape?: number[] } {
  return tf.tidy(() => {
    const compute = (): { objective: tf.Scalar; outputs: Outputs } => ({ objective: tf.sum(loss()), outputs: {} });
    const { gradients, touchedRows } = valueAndGradients(compute, parameters);
    const rows = touchedRows['table'];
    return {
      gradient: [...gradients['table']!.dataSync()],
      rows: rows && [...rows.dataSync()],
      ...(rows && { shape: rows.shape }),
    };
  });
}

const look = (...indices: number[]): tf.Tensor => sparseLookup(table, tf.tensor1d(indices, 'int32'));

it('gives the rows, in the shape of the indices', () => {
  tf.tidy(() => {
    const rows = sparseLookup(table, tf.tensor2d([[2, 0]], [1, 2], 'int32'));
    expect(rows.shape).toEqual([1, 2, 2]);
    expect([...rows.dataSync()]).toEqual([5, 6, 1, 2]);
  });
});

it('sums the gradients of a row that is looked up twice, and tells which rows were touched', () => {
  expect(differentiate(() => look(3, 1, 3))).toEqual({
    gradient: [0, 0, 1, 1, 0, 0, 2, 2],
    rows: [0, 1, 0, 1],
    shape: [4, 1],
  });
});

it('a row is touched also where its gradient is zero', () => {
  expect(differentiate(() => tf.mul(look(0), 0))).toMatchObject({ gradient: Array(8).fill(0), rows: [1, 0, 0, 0] });
});

it('several lookups touch the rows of all of them', () => {
  expect(differentiate(() => tf.add(look(0), look(2))).rows).toEqual([1, 0, 1, 0]);
});

it('a lookup that the loss does not depend on touches nothing', () => {
  const loss = (): tf.Tensor => {
    look(2);
    return look(1);
  };
  expect(differentiate(loss).rows).toEqual([0, 1, 0, 0]);
});

it.each<[string, () => tf.Tensor]>([
  ['in a penalty', () => tf.add(tf.sum(look(0)), tf.sum(tf.square(table)))],
  ['in a plain gather', () => tf.add(look(0), tf.gather(table, [1]))],
  ['in a plain gather alone', () => tf.gather(table, [1])],
])('a table that is also used otherwise has a dense gradient: %s', (_, loss) => {
  expect(differentiate(loss).rows).toBeUndefined();
});

it('a use that the loss does not depend on does not make it dense', () => {
  const loss = (): tf.Tensor => {
    tf.sum(tf.square(table));
    return look(1);
  };
  expect(differentiate(loss).rows).toEqual([0, 1, 0, 0]);
});

it('leaves no tensor, also when an index is out of range', () => {
  const before = tf.memory().numTensors;
  differentiate(() => look(1, 2));
  expect(() => differentiate(() => look(4))).toThrow();
  expect(tf.memory().numTensors).toBe(before);
});
