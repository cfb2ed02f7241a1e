import * as tf from '@tensorflow/tfjs-core';

import { compiled, expectAgreement, expectRelative, sample, whole } from './__fixtures__/agrees.js';
import { random } from './__fixtures__/against-cpu.js';
import { unaryLowerings } from './elementwise-unary.js';
import { NoLoweringError } from './lowering.js';

const SPECIAL = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1e30,
  -1e30,
  1e-30,
  -1e-30,
  1,
  -1,
  0.5,
  1.5,
  2.5,
  -0.5,
  -2.5,
  60,
  -60,
];
const ATTRIBUTES: Readonly<Record<string, Record<string, number>>> = {
  Step: { alpha: 0 },
  ClipByValue: { clipValueMin: -1.5, clipValueMax: 2.25 },
  LeakyRelu: { alpha: 0.2 },
};
const DOMAINS: Readonly<Record<string, readonly [low: number, high: number]>> = {
  Acos: [-1, 1],
  Asin: [-1, 1],
  Atanh: [-0.99, 0.99],
  Acosh: [1, 9],
  Log: [1e-6, 9],
  Log1p: [-0.99, 9],
  Sqrt: [0, 9],
  Rsqrt: [0.01, 9],
  Reciprocal: [0.1, 3],
  Tan: [-1.5, 1.5],
};
const KERNELS = Object.keys(unaryLowerings).filter((kernel) => !['Prelu', 'EluGrad', 'LogicalNot'].includes(kernel));
const FOR_BOOLEANS = 'Abs Sign Square Relu Relu6 Step Ceil Floor Round LeakyRelu Exp IsNan IsInf IsFinite'.split(' ');

describe('float32', () => {
  test.each(KERNELS)('%s', (kernel) => {
    const [low, high] = DOMAINS[kernel] ?? [-4, 4];
    for (const shape of [[], [1], [7, 3], [0, 3]]) {
      expectAgreement(kernel, { x: random(shape, 3, low, high) }, ATTRIBUTES[kernel]);
    }
  });

  // Each element relative to itself, where tfjs computes in float64 what is precise near 0.
  test.each([
    ['Expm1', Math.expm1],
    ['Log1p', Math.log1p],
    ['Tanh', Math.tanh],
    ['Sinh', Math.sinh],
    ['Asinh', Math.asinh],
    ['Atanh', Math.atanh],
    ['Sin', Math.sin],
    ['Sigmoid', (x: number) => 1 / (1 + Math.exp(-x))],
    ['Softplus', (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))],
  ])('%s is as precise near 0 and far from it', (kernel, exact) => {
    const far = kernel === 'Atanh' ? [0.9, -0.9] : [2, 5, 9, 17, 30, 50, -2, -5, -9, -17, -30, -50];
    const near = [1e-7, 1e-5, 1e-3, 0.1, 0.5].flatMap((x) => [x, -x]);
    const x = tf.tensor1d([...near, ...far.filter((value) => kernel !== 'Log1p' || value > 0)]);
    const expected = Array.from(tf.tensor1d(Array.from(x.dataSync(), exact)).dataSync());
    expectRelative(compiled(kernel, { x })[0]!, expected);
  });

  test.each(KERNELS.filter((kernel) => !['Step', 'Sin', 'Cos', 'Tan', 'Erf'].includes(kernel)))(
    '%s of special values',
    (kernel) => {
      // whether these are in range depends on how the mathematics library reduces its argument
      const x = tf.tensor1d(SPECIAL);
      for (const value of SPECIAL) expectAgreement(kernel, { x: tf.tensor1d([value]) }, ATTRIBUTES[kernel]);
      expectAgreement(kernel, { x: tf.slice(x, 0, 7) }, ATTRIBUTES[kernel]);
    },
  );

  // tfjs's own is an approximation (7.1.26 of Abramowitz and Stegun); the numbers are scipy.special.erf's
  test('Erf is exact', () => {
    const x = tf.tensor1d([-Infinity, -3, -0.5, -1e-4, 0, 1e-4, 0.5, 1, 2, NaN]);
    const expected = [-1, -0.9999779095, -0.5204998778, -1.128379163e-4, 0, 1.128379163e-4, 0.5204998778, 0.8427007929];
    expectRelative(compiled('Erf', { x })[0]!, [...expected, 0.995322265, NaN]);
    expectAgreement('Erf', { x: random([50], 1, -3, 3) }, {}, 1e-6);
  });

  test('sine, cosine and tangent of what is not finite are NaN', () => {
    for (const kernel of ['Sin', 'Cos', 'Tan']) {
      expect(compiled(kernel, { x: tf.tensor1d([NaN, Infinity, -Infinity]) })[0]!.data).toEqual([NaN, NaN, NaN]);
    }
  });

  test('Step is a mask without NaN, where tfjs has NaN', () => {
    const x = tf.tensor1d([-2, -0, 0, 3, Infinity, -Infinity]);
    expectAgreement('Step', { x }, { alpha: 0 });
    expectAgreement('Step', { x }, { alpha: 0.3 });
    expect(compiled('Step', { x: tf.tensor1d([NaN]) }, { alpha: 0 })[0]!.data).toEqual([0]);
  });

  test('ClipByValue without bounds', () => {
    const x = tf.tensor1d(SPECIAL);
    expectAgreement('ClipByValue', { x }, { clipValueMin: -Infinity, clipValueMax: 1 });
    expectAgreement('ClipByValue', { x }, { clipValueMin: 0, clipValueMax: Infinity });
  });
});

describe('int32 stays int32, but for Exp and LeakyRelu,', () => {
  test.each(KERNELS)('%s', (kernel) => {
    const x = ['Acosh', 'Log', 'Sqrt', 'Rsqrt'].includes(kernel) ? whole(1, 2, 9, 0) : sample('int32', [5, 3]);
    // further from 0 a result is -1 in float32, and above it, where the fraction is cut off, in tfjs's float64
    const small = ['Exp', 'Expm1', 'Cosh', 'Sinh', 'Tanh', 'Erf', 'Sigmoid', 'Elu'].includes(kernel)
      ? whole(-2, 0, 2, 3)
      : x;
    expectAgreement(kernel, { x: small }, ATTRIBUTES[kernel]);
  });

  test('what is not finite is 0', () => {
    expectAgreement('Reciprocal', { x: whole(0, 1, -1, 2) });
    expectAgreement('Log', { x: whole(0, -1) });
  });

  test('ClipByValue between infinite and broken bounds', () => {
    const x = whole(-(2 ** 31), -4, -3, -2, 0, 2, 3, 4, 2 ** 31 - 1);
    expectAgreement('ClipByValue', { x }, { clipValueMin: -Infinity, clipValueMax: Infinity });
    expectAgreement('ClipByValue', { x }, { clipValueMin: -2.5, clipValueMax: 2.5 });
    expectAgreement('ClipByValue', { x }, { clipValueMin: 1.5, clipValueMax: 3.5 });
  });
});

describe('booleans', () => {
  test.each(FOR_BOOLEANS)('%s', (kernel) => {
    expectAgreement(kernel, { x: sample('bool', [9]) }, ATTRIBUTES[kernel]);
  });

  test('LogicalNot', () => {
    expectAgreement('LogicalNot', { x: sample('bool', [5, 2]) });
  });

  test.each(['Neg', 'Log', 'Sigmoid'])('%s is refused: tfjs keeps numbers other than 0 and 1', (kernel) => {
    expect(() => compiled(kernel, { x: sample('bool', [9]) })).toThrow(NoLoweringError);
  });
});

describe('with parameters', () => {
  test.each([
    [[4, 3], [3]],
    [
      [4, 3],
      [4, 1],
    ],
    [[3], [2, 3]],
    [[0, 3], [3]],
  ])('Prelu of %j by %j', (shape, slopes) => {
    expectAgreement('Prelu', { x: sample('float32', shape), alpha: sample('float32', slopes, 2) });
  });

  test('Prelu of special values', () => {
    expectAgreement('Prelu', { x: tf.tensor1d(SPECIAL), alpha: tf.scalar(0.5) });
    expectAgreement('Prelu', { x: whole(-4, 3), alpha: whole(2, 2) });
  });

  test('EluGrad', () => {
    expectAgreement('EluGrad', { dy: sample('float32', [6, 2]), y: random([6, 2], 4, -1, 1) });
    expectAgreement('EluGrad', { dy: tf.tensor1d([1, 2, NaN, 4]), y: tf.tensor1d([NaN, Infinity, 1, -1]) });
  });
});
