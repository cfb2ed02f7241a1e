import * as tf from '@tensorflow/tfjs-core';

import { compiled, expectAgreement, sample } from './__fixtures__/agrees.js';
import { NoLoweringError } from './lowering.js';

type Shapes = readonly [a: number[], b: number[]];

const SHAPES: readonly Shapes[] = [
  [[3, 5], [5, 2]],
  [[1, 1], [1, 1]],
  [[4, 3, 5], [4, 5, 2]],
  [[4, 3, 5], [1, 5, 2]],
  [[1, 3, 5], [4, 5, 2]],
  [[4, 3, 5], [5, 2]],
  [[2, 3, 4, 5], [2, 3, 5, 1]],
  [[0, 5], [5, 2]],
  [[3, 0], [0, 2]],
  [[2, 3, 0], [2, 0, 2]],
]; // prettier-ignore
const TRANSPOSES = [
  { transposeA: false, transposeB: false },
  { transposeA: true, transposeB: false },
  { transposeA: false, transposeB: true },
  { transposeA: true, transposeB: true },
];

function swapped(shape: number[], swap: boolean): number[] {
  return swap ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;
}

describe.each(TRANSPOSES)('%j', (attributes) => {
  const { transposeA, transposeB } = attributes;

  test.each(SHAPES)('BatchMatMul of %j and %j', (a, b) => {
    for (const type of ['float32', 'int32'] as const) {
      const [left, right] = [swapped(a, transposeA), swapped(b, transposeB)];
      expectAgreement('BatchMatMul', { a: sample(type, left), b: sample(type, right, 2) }, attributes);
    }
  });

  test.each([undefined, 'linear', 'relu', 'relu6', 'elu', 'sigmoid'])('_FusedMatMul with bias and %s', (activation) => {
    const [a, b] = [sample('float32', swapped([4, 3], transposeA)), sample('float32', swapped([3, 5], transposeB), 2)];
    for (const shape of [[5], [1, 5], []]) {
      expectAgreement('_FusedMatMul', { a, b, bias: sample('float32', shape, 3) }, { ...attributes, activation });
    }
    expectAgreement('_FusedMatMul', { a, b }, { ...attributes, activation });
  });
});

describe('_FusedMatMul', () => {
  const plain = TRANSPOSES[0]!;
  const [a, b] = [sample('float32', [2, 4, 3]), sample('float32', [2, 3, 5], 2)];

  test('with leakyrelu', () => {
    expectAgreement('_FusedMatMul', { a, b }, { ...plain, activation: 'leakyrelu', leakyreluAlpha: 0.3 });
  });

  test('with prelu', () => {
    const inputs = { a, b, bias: sample('float32', [5], 3), preluActivationWeights: sample('float32', [5], 4) };
    expectAgreement('_FusedMatMul', inputs, { ...plain, activation: 'prelu' });
  });

  test('with an activation that tfjs has not is refused', () => {
    expect(() => compiled('_FusedMatMul', { a, b }, { ...plain, activation: 'mish' })).toThrow(NoLoweringError);
  });
});

// tfjs's kernel has only as many batches as the larger of the two products of lengths
test('BatchMatMul broadcasts batches of both sides', () => {
  const [a, b] = [tf.tensor4d([1, 2], [2, 1, 1, 1]), tf.tensor4d([3, 4, 5], [1, 3, 1, 1])];
  expect(compiled('BatchMatMul', { a, b }, TRANSPOSES[0])).toEqual([
    { shape: [2, 3, 1, 1], dtype: 'float32', data: [3, 4, 5, 6, 8, 10] },
  ]);
});

test('BatchMatMul of booleans is refused: tfjs counts in bytes', () => {
  const x = sample('bool', [2, 2]);
  expect(() => compiled('BatchMatMul', { a: x, b: x }, TRANSPOSES[0])).toThrow(NoLoweringError);
});

describe('Einsum', () => {
  test.each<readonly [equation: string, shapes: number[][]]>([
    [
      'ij,jk->ik',
      [
        [3, 4],
        [4, 2],
      ],
    ],
    [
      'bij,bjk->bik',
      [
        [2, 3, 4],
        [2, 4, 5],
      ],
    ],
    [
      'bhqd,bhkd->bhqk',
      [
        [2, 3, 4, 5],
        [2, 3, 6, 5],
      ],
    ],
    ['ij->ji', [[3, 4]]],
    ['ij->i', [[3, 4]]],
    ['ij->', [[3, 4]]],
    ['i,j->ij', [[3], [4]]],
    ['i,i->', [[3], [3]]],
    [
      'ijk,jil->kl',
      [
        [2, 3, 4],
        [3, 2, 5],
      ],
    ],
    [' b i , b -> i ', [[2, 3], [2]]],
  ])('%s of %j', (equation, shapes) => {
    for (const type of ['float32', 'int32'] as const) {
      const inputs = shapes.map((shape, i) => sample(type, shape, i + 1));
      expectAgreement('Einsum', inputs, { equation });
    }
  });
});
