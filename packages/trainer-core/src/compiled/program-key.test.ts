import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

import type { Batch } from '../contracts/batch.js';
import type { Program, RunRequest } from '../contracts/engine.js';
import { programKey, shapesKey } from './program-key.js';

const plain: Program = { name: 'step', key: 'adam', guards: [], run: () => ({}) };

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe('a program is compiled anew for', () => {
  const request: RunRequest = { numbers: { lr: 1 }, random: { seed: 1, step: 1, microBatch: 0 } };
  it.each<[what: string, program: Program, request: RunRequest]>([
    ['another name', { ...plain, name: 'other' }, request],
    ['another key', { ...plain, key: 'sgd' }, request],
    ['averages', plain, { ...request, parameters: 'averaged' }],
    ['no generator', plain, { numbers: { lr: 1 } }],
    ['another number', plain, { ...request, numbers: { momentum: 1 } }],
    ['one number more', plain, { ...request, numbers: { lr: 1, momentum: 1 } }],
    ['a batch', plain, { ...request, batch: { flag: true } }],
  ])('%s', (_, program, other) => {
    expect(programKey(program, other)).not.toBe(programKey(plain, request));
  });

  it('no other value of a number, key of the generator or rule of commit', () => {
    const other: RunRequest = {
      numbers: { lr: 2 },
      random: { seed: 9, step: 9, microBatch: 9 },
      commitIf: 'finite',
      parameters: 'raw',
    };
    expect(programKey(plain, other)).toBe(programKey(plain, request));
  });
});

describe('batches are of one kind', () => {
  it('if shapes, types and static fields are the same, whatever is in the tensors', () => {
    const batch = (value: number): Batch => ({ x: tf.fill([2, 3], value), list: [tf.scalar(value), 'a', null, 1.5] });
    expect(shapesKey(batch(1))).toBe(shapesKey(batch(2)));
  });

  const batches: readonly (() => Batch)[] = [
    () => ({ x: tf.zeros([2, 3]) }),
    () => ({ x: tf.zeros([3, 2]) }),
    () => ({ x: tf.zeros([6]) }),
    () => ({ x: tf.zeros([2, 3], 'int32') }),
    () => ({ y: tf.zeros([2, 3]) }),
    () => ({ x: [tf.zeros([2, 3])] }),
    () => ({ x: { x: tf.zeros([2, 3]) } }),
    () => ({ x: [tf.zeros([2]), tf.zeros([3])] }),
    () => ({ x: 1 }),
    () => ({ x: '1' }),
    () => ({ x: true }),
    () => ({ x: null }),
    () => ({ x: Number.NaN }),
    () => ({ x: 'null' }),
    () => ({ x: 'float32[2,3]' }),
    () => ({ x: {} }),
    () => ({ x: [] }),
    () => ({ x: 'a', y: 'b' }),
    () => ({ 'x:"a",y': 'b' }),
  ];
  it('and of different kinds otherwise', () => {
    expect(new Set(batches.map((batch) => shapesKey(batch()))).size).toBe(batches.length);
  });
});
