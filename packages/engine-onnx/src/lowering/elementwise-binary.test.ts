import * as tf from '@tensorflow/tfjs-core';

import { BROADCASTS, compiled, expectAgreement, expectRelative, sample, whole } from './__fixtures__/agrees.js';
import { random } from './__fixtures__/against-cpu.js';
import { NoLoweringError } from './lowering.js';

const KERNELS = 'Add Sub Multiply RealDiv Maximum Minimum SquaredDifference Mod FloorDiv Atan2'.split(' ');
const SPECIAL = [NaN, Infinity, -Infinity, 0, 1e30, -1e30, 3, -3, 0.1, -0.1];
const LARGE = [2 ** 31 - 1, -(2 ** 31), 123456789, -987654321, 1, -1, 0, 7, -7];

function pairs(numbers: readonly number[], dtype: 'float32' | 'int32'): { a: tf.Tensor; b: tf.Tensor } {
  const [a, b] = [numbers.flatMap((x) => numbers.map(() => x)), numbers.flatMap(() => numbers)];
  return { a: tf.tensor1d(a, dtype), b: tf.tensor1d(b, dtype) };
}

describe.each(KERNELS)('%s', (kernel) => {
  test.each(BROADCASTS)('float32 of %j and %j', (a, b) => {
    expectAgreement(kernel, { a: sample('float32', a), b: sample('float32', b, 2) });
  });

  test.each(BROADCASTS)('int32 of %j and %j', (a, b) => {
    expectAgreement(kernel, { a: sample('int32', a), b: sample('int32', b, 2) });
  });
});

describe('special values', () => {
  test.each(['Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum', 'SquaredDifference', 'Pow', 'Atan2'])(
    '%s',
    (kernel) => {
      const { a, b } = pairs(SPECIAL, 'float32');
      for (const [i, x] of a.dataSync().entries()) {
        const one = { a: tf.scalar(x), b: tf.scalar(b.dataSync()[i]!) };
        expectAgreement(kernel, one);
      }
    },
  );

  test.each(['Mod', 'FloorDiv'])('%s by what is finite', (kernel) => {
    const { a, b } = pairs([NaN, Infinity, -Infinity, 0, 3, -3, 0.1, -0.1, 7.5, -7.5], 'float32');
    const finite = tf.tensor1d(Array.from(b.dataSync(), (x) => (Number.isFinite(x) ? x : 2)));
    expectAgreement(kernel, { a, b: finite });
  });
});

describe('whole numbers', () => {
  test.each(KERNELS.filter((kernel) => kernel !== 'Atan2'))('%s of large ones, of 0 and by 0', (kernel) => {
    const { a, b } = pairs(LARGE, 'int32');
    // beyond 2^53 tfjs's products are rounded before they count modulo 2^32
    const exact = kernel === 'Multiply' || kernel === 'SquaredDifference';
    const limit = (x: tf.Tensor): tf.Tensor => (exact ? tf.clipByValue(x, -40_000_000, 40_000_000) : x);
    expectAgreement(kernel, { a: limit(a), b: limit(b) }, {}, 0);
  });

  test('Pow', () => {
    expectAgreement('Pow', pairs([-3, -1, 0, 1, 2, 5], 'int32'), {}, 0);
    expectAgreement('Pow', { a: whole(10, 46341, -7), b: whole(9, 2, 11) }, {}, 0);
  });

  test('BitwiseAnd', () => {
    expectAgreement('BitwiseAnd', pairs(LARGE, 'int32'), {}, 0);
    expectAgreement('BitwiseAnd', { a: sample('int32', [4, 3]), b: sample('int32', [3], 2) }, {}, 0);
  });
});

describe('quotients in float32 that are just below a whole number', () => {
  // 6 / 0.10000000149 is 59.999999, which float32 rounds to 60
  const a = tf.tensor1d([6, 1, -6, 6, 0.3, 1e-10, -1e-10]);
  const b = tf.tensor1d([0.1, 0.1, 0.1, -0.1, 0.1, 1, 1]);

  test('FloorDiv', () => {
    expectAgreement('FloorDiv', { a, b });
    expect(compiled('FloorDiv', { a, b })[0]!.data.slice(0, 2)).toEqual([59, 9]);
  });

  test('Mod', () => {
    expectAgreement('Mod', { a, b });
  });
});

describe('booleans', () => {
  const [a, b] = [sample('bool', [6, 2]), sample('bool', [2], 2)];

  test.each(['Multiply', 'Maximum', 'Minimum', 'SquaredDifference', 'FloorDiv'])('%s', (kernel) => {
    expectAgreement(kernel, { a, b });
  });

  test.each(['Add', 'Sub', 'RealDiv', 'Mod', 'Pow'])('%s is refused', (kernel) => {
    expect(() => compiled(kernel, { a, b })).toThrow(NoLoweringError);
  });
});

test('of two types the result has the first', () => {
  for (const kernel of ['Add', 'Multiply', 'Maximum', 'Pow']) {
    expectAgreement(kernel, { a: sample('float32', [4]), b: sample('int32', [4]) });
    expectAgreement(kernel, { a: whole(1, 2, 3, 4), b: tf.tensor1d([0.5, 2.5, 1.5, 2]) });
  }
});

describe('Pow', () => {
  test.each(BROADCASTS)('of %j and %j', (a, b) => {
    expectAgreement('Pow', { a: random(a, 1, 0.1, 3), b: random(b, 2, -2, 3) });
  });

  test.each([1, 2, 3, 0.5, -1, 0])('with the exponent %d', (exponent) => {
    const x = tf.tensor2d([[0.5, 2, 3.25]]);
    const expected = Array.from(x.dataSync(), (value) => Math.fround(value ** exponent));
    expectRelative(compiled('Pow', { a: x, b: tf.scalar(exponent) })[0]!, expected);
  });
});

describe('AddN', () => {
  test.each([1, 2, 11])('of %d tensors', (count) => {
    expectAgreement(
      'AddN',
      Array.from({ length: count }, (_, i) => sample('float32', [3, 2], i + 1)),
    );
    expectAgreement(
      'AddN',
      Array.from({ length: count }, (_, i) => sample('int32', [3, 2], i + 1)),
    );
  });
});
