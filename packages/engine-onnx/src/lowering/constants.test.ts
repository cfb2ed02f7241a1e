import * as tf from '@tensorflow/tfjs-core';

import { compiled, expectAgreement, sample, whole } from './__fixtures__/agrees.js';
import type { TestType } from './__fixtures__/agrees.js';
import { NoLoweringError } from './lowering.js';

const TYPES: readonly TestType[] = ['float32', 'int32', 'bool'];

describe('Fill', () => {
  test.each([
    [[2, 3], 1.5, 'float32'],
    [[], -0, undefined],
    [[0, 2], 3, 'int32'],
    [[4], NaN, 'float32'],
    [[4], Infinity, undefined],
    [[2], -3.7, 'int32'],
    [[2], 1, 'bool'],
    [[2], true, undefined],
  ])('%j with %p of type %p', (shape, value, dtype) => {
    expectAgreement('Fill', {}, { shape, value, dtype });
  });

  test('with text is refused', () => {
    expect(() => compiled('Fill', {}, { shape: [1], value: 'a', dtype: 'string' })).toThrow(NoLoweringError);
  });
});

test.each(['ZerosLike', 'OnesLike'])('%s', (kernel) => {
  for (const type of TYPES) {
    for (const shape of [[2, 3], [], [0]]) expectAgreement(kernel, { x: sample(type, shape) });
  }
});

describe('Range', () => {
  test.each([
    [0, 5, 1],
    [0, 1, 0.1],
    [5, 0, 1],
    [5, 0, -2],
    [3, 3, 1],
    [0, 5, -1],
    [5, 0, 2],
    [-2, 7, 3],
  ])('from %d to %d by %d', (start, stop, step) => {
    expectAgreement('Range', {}, { start, stop, step, dtype: 'float32' }, 0);
    expectAgreement('Range', {}, { start, stop, step: Math.trunc(step) || 1, dtype: 'int32' }, 0);
  });
});

test.each([
  [0, 1, 11],
  [-3, 5, 4],
  [5, -5, 3],
  [2, 9, 1],
])('LinSpace from %d to %d in %d', (start, stop, num) => {
  expectAgreement('LinSpace', {}, { start, stop, num }, 0);
});

describe('OneHot', () => {
  const attributes = { depth: 4, onValue: 1, offValue: 0 };

  test.each([[[3]], [[2, 3]], [[]], [[0]]])('of indices %j, also out of range', (shape) => {
    for (const dtype of ['float32', 'int32', 'bool']) {
      expectAgreement('OneHot', { indices: sample('int32', shape) }, { ...attributes, dtype });
    }
    expectAgreement('OneHot', { indices: whole(0, 3, 4, -1, 2) }, { ...attributes, dtype: 'float32' });
  });

  test('with values', () => {
    for (const dtype of ['float32', 'int32']) {
      expectAgreement('OneHot', { indices: whole(0, 3, 4, -1) }, { depth: 4, onValue: 7, offValue: -2, dtype });
    }
    expectAgreement('OneHot', { indices: whole(0, 3) }, { depth: 4, onValue: Infinity, offValue: 0, dtype: 'float32' });
    expectAgreement('OneHot', { indices: whole(0, 3) }, { depth: 4, onValue: 0, offValue: 1, dtype: 'bool' });
  });
});

describe('Diag', () => {
  test.each([[[4]], [[2, 3]], [[1]], [[0]]])('of %j', (shape) => {
    for (const type of TYPES) expectAgreement('Diag', { x: sample(type, shape) });
  });

  test('of special values has 0 beside them', () => {
    expectAgreement('Diag', { x: tf.tensor1d([NaN, Infinity, 1]) });
  });
});
