import * as tf from '@tensorflow/tfjs-core';

import { BROADCASTS, compiled, expectAgreement, sample, whole } from './__fixtures__/agrees.js';
import type { TestType } from './__fixtures__/agrees.js';

const KERNELS = ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'];
const TYPES: readonly TestType[] = ['float32', 'int32', 'bool'];

describe.each(KERNELS)('%s', (kernel) => {
  test.each(BROADCASTS)('of %j and %j', (a, b) => {
    for (const type of TYPES) {
      const round = (x: tf.Tensor): tf.Tensor => (type === 'float32' ? tf.round(x) : x);
      expectAgreement(kernel, { a: round(sample(type, a)), b: round(sample(type, b, 2)) });
    }
  });

  test('of special values', () => {
    const numbers = [NaN, Infinity, -Infinity, 0, -0, 1];
    const a = tf.tensor1d(numbers.flatMap((x) => numbers.map(() => x)));
    const b = tf.tensor1d(numbers.flatMap(() => numbers));
    expectAgreement(kernel, { a, b });
  });

  test('of large whole numbers, which float32 does not tell apart', () => {
    expectAgreement(kernel, { a: whole(2 ** 31 - 1, 16777217, -(2 ** 31)), b: whole(2 ** 31 - 2, 16777216, 0) });
  });

  test('of two types', () => {
    expectAgreement(kernel, { a: tf.tensor1d([1, 1.5, 0]), b: whole(1, 1, 0) });
    expectAgreement(kernel, { a: tf.tensor1d([1, 0, 1], 'bool'), b: whole(1, 1, 0) });
  });
});

test.each(['LogicalAnd', 'LogicalOr'])('%s', (kernel) => {
  for (const [a, b] of BROADCASTS) expectAgreement(kernel, { a: sample('bool', a), b: sample('bool', b, 2) });
});

describe('Select', () => {
  test.each(TYPES)('of %s', (type) => {
    for (const shape of [[4, 3], [5], [], [0, 2], [1]]) {
      const condition = sample('bool', shape, 3);
      expectAgreement('Select', { condition, t: sample(type, shape), e: sample(type, shape, 2) });
    }
  });

  test('of two types has the wider', () => {
    const condition = tf.tensor1d([1, 0], 'bool');
    expectAgreement('Select', { condition, t: whole(1, 2), e: tf.tensor1d([0.5, 1.5]) });
    expectAgreement('Select', { condition, t: tf.tensor1d([1, 0], 'bool'), e: whole(3, 4) });
  });

  test('does not let through what was not chosen', () => {
    const condition = tf.tensor1d([1, 0, 0], 'bool');
    const [t, e] = [tf.tensor1d([1, NaN, Infinity]), tf.zeros([3])];
    expectAgreement('Select', { condition, t, e });
    expectAgreement('Select', { condition: tf.logicalNot(condition), t: e, e: t });
  });

  test('of nothing has one element of a condition, as tf.where hands it over', () => {
    const condition = tf.tensor1d([1], 'bool');
    expectAgreement('Select', { condition, t: tf.zeros([0]), e: tf.ones([0]) });
  });

  // tfjs's cpu kernel takes elements 0, 1, ... of t and e, as if they had one axis
  test('with a condition of rank 1 takes whole rows', () => {
    const condition = tf.tensor1d([1, 0], 'bool');
    const [t, e] = [tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2])];
    expect(compiled('Select', { condition, t, e })[0]!.data).toEqual([1, 2, 7, 8]);
  });
});
