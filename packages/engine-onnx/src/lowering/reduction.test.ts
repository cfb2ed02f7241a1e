import * as tf from '@tensorflow/tfjs-core';

import { compiled, expectAgreement, sample, whole } from './__fixtures__/agrees.js';
import type { TestType } from './__fixtures__/agrees.js';
import { random } from './__fixtures__/against-cpu.js';
import { NoLoweringError } from './lowering.js';

const TYPES: readonly TestType[] = ['float32', 'int32', 'bool'];
const AXES: readonly (readonly [shape: number[], axes: number | number[] | null])[] = [
  [[3, 4, 5], [1]],
  [[3, 4, 5], -1],
  [
    [3, 4, 5],
    [0, 2],
  ],
  [
    [3, 4, 5],
    [2, 0],
  ],
  [
    [3, 4, 5],
    [-1, 1],
  ],
  [[3, 4, 5], null],
  [[3, 1], [1]],
  [[7], 0],
  [[], null],
  [[0, 3], [1]],
];

describe.each(['Sum', 'Mean', 'Prod', 'Max', 'Min'])('%s', (kernel) => {
  const name = kernel === 'Max' ? 'reductionIndices' : 'axis';

  test.each(AXES)('of %j over %j', (shape, axes) => {
    for (const type of TYPES) {
      for (const keepDims of [false, true]) {
        // products of whole numbers stay below 2^53, to which tfjs is exact
        const whole = type === 'int32' && kernel === 'Prod' ? tf.clipByValue(sample(type, shape), 1, 3) : undefined;
        expectAgreement(kernel, { x: whole ?? sample(type, shape) }, { [name]: axes, keepDims }, 4e-6);
      }
    }
  });

  test('of special values', () => {
    for (const row of [[1, NaN, 2], [NaN], [NaN, 1], [1, NaN], [Infinity, 3], [-Infinity, -Infinity], [-0, 0]]) {
      expectAgreement(kernel, { x: tf.tensor1d(row) }, { [name]: 0, keepDims: false });
    }
  });
});

test('sums of large whole numbers count modulo 2^32', () => {
  expectAgreement('Sum', { x: whole(2 ** 31 - 1, 5, 16777217) }, { axis: 0, keepDims: false }, 0);
  expectAgreement('Prod', { x: whole(100000, 100000) }, { axis: 0, keepDims: false }, 0);
});

// where tfjs has Infinity
test('the maximum of both infinities is NaN', () => {
  const x = tf.tensor1d([Infinity, 1, -Infinity]);
  expect(compiled('Max', { x }, { reductionIndices: 0, keepDims: false })[0]!.data).toEqual([NaN]);
});

// tfjs's kernels read past the end: NaN for Max and Min, false for All
test('over nothing there is the neutral element', () => {
  const [x, attributes] = [tf.zeros([2, 0]), { keepDims: false }];
  expect(compiled('Sum', { x }, { axis: 1, ...attributes })[0]!.data).toEqual([0, 0]);
  expect(compiled('Prod', { x }, { axis: 1, ...attributes })[0]!.data).toEqual([1, 1]);
  expect(compiled('Max', { x }, { reductionIndices: 1, ...attributes })[0]!.data).toEqual([-Infinity, -Infinity]);
  expect(compiled('Min', { x }, { axis: 1, ...attributes })[0]!.data).toEqual([Infinity, Infinity]);
  const truths = tf.zeros([2, 0], 'bool');
  expect(compiled('All', { x: truths }, { axis: 1, ...attributes })[0]!.data).toEqual([1, 1]);
  expect(compiled('Any', { x: truths }, { axis: 1, ...attributes })[0]!.data).toEqual([0, 0]);
  expect(compiled('ArgMax', { x }, { axis: 1 })[0]).toEqual({ shape: [2], dtype: 'int32', data: [0, 0] });
});

describe.each(['All', 'Any'])('%s', (kernel) => {
  test.each(AXES.filter(([shape]) => !shape.includes(0)))('of %j over %j', (shape, axis) => {
    for (const keepDims of [false, true]) expectAgreement(kernel, { x: sample('bool', shape) }, { axis, keepDims });
  });

  test.each([[[1, 1]], [[0, 0]], [[0, 1]]])('of %j', (truths) => {
    expectAgreement(kernel, { x: tf.tensor1d(truths, 'bool') }, { axis: [0], keepDims: false });
  });
});

describe.each(['ArgMax', 'ArgMin'])('%s', (kernel) => {
  test.each([
    [[4, 5], 0],
    [[4, 5], 1],
    [[4, 5], -1],
    [[3, 4, 5], 1],
    [[6], 0],
    [[0, 3], 1],
    [[2, 1], 1],
  ])('of %j along %d', (shape, axis) => {
    for (const type of TYPES) expectAgreement(kernel, { x: sample(type, shape) }, { axis });
  });

  test('takes the first of equal ones', () => {
    for (const row of [
      [1, 2, 2, 1],
      [0, -0],
      [3, 3, 3],
      [Infinity, Infinity],
      [-Infinity, 0],
    ]) {
      expectAgreement(kernel, { x: tf.tensor1d(row) }, { axis: 0 });
    }
  });
});

describe.each(['Cumsum', 'Cumprod'])('%s', (kernel) => {
  test.each([
    [[7], 0],
    [[4, 5], 0],
    [[4, 5], 1],
    [[2, 3, 4], 1],
    [[3, 1], 1],
    [[0, 3], 1],
    [[3, 0], 0],
    [[1], 0],
    [[17], 0],
  ])('of %j along %d', (shape, axis) => {
    for (const type of TYPES) {
      for (const exclusive of [false, true]) {
        for (const reverse of [false, true]) {
          const x = type === 'float32' ? random(shape, 1, -2, 2) : sample(type, shape);
          expectAgreement(kernel, { x }, { axis, exclusive, reverse }, 4e-6);
        }
      }
    }
  });
});

describe('Softmax', () => {
  test.each([[[4, 5]], [[7]], [[2, 3, 4]], [[3, 1]], [[0, 4]]])('of %j', (shape) => {
    for (const dim of [-1, shape.length - 1]) expectAgreement('Softmax', { logits: sample('float32', shape) }, { dim });
  });

  test('of special values', () => {
    for (const row of [
      [1e30, 0],
      [-Infinity, 0],
      [-Infinity, -Infinity],
      [NaN, 1],
      [Infinity, 1],
      [300, -300],
    ]) {
      expectAgreement('Softmax', { logits: tf.tensor1d(row) }, { dim: 0 });
    }
  });

  test('along another axis is refused, as by tfjs', () => {
    expect(() => compiled('Softmax', { logits: sample('float32', [2, 3]) }, { dim: 0 })).toThrow(NoLoweringError);
  });
});
