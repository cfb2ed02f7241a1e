import * as tf from '@tensorflow/tfjs-core';

import { expectClose, lowered, onCpu, random } from './__fixtures__/against-cpu.js';
import { activated } from './activation.js';
import { NoLoweringError } from './lowering.js';
import type { Lowering } from './lowering.js';

const fused: Lowering = (g, { x, weights }, { activation, leakyreluAlpha }) =>
  activated(g, x!, activation as string | undefined, {
    preluWeights: weights,
    leakyreluAlpha: leakyreluAlpha as number | undefined,
  });

describe('activated is what tfjs computes for', () => {
  test.each([
    ['relu', 'Relu'],
    ['relu6', 'Relu6'],
    ['elu', 'Elu'],
    ['sigmoid', 'Sigmoid'],
  ])('%s', (activation, kernel) => {
    const x = random([3, 5], 1, -9, 9);
    expectClose(lowered(fused, { x }, { activation }), onCpu(kernel, { x }));
  });

  test('leakyrelu', () => {
    const x = random([3, 5]);
    const expected = onCpu('LeakyRelu', { x }, { alpha: 0.3 });
    expectClose(lowered(fused, { x }, { activation: 'leakyrelu', leakyreluAlpha: 0.3 }), expected);
  });

  test('prelu, with weights that broadcast', () => {
    const [x, weights] = [random([3, 5]), random([5], 2)];
    expectClose(lowered(fused, { x, weights }, { activation: 'prelu' }), onCpu('Prelu', { x, alpha: weights }));
  });

  test('linear, and none', () => {
    const x = random([3, 5]);
    expectClose(lowered(fused, { x }, { activation: 'linear' }), onCpu('Identity', { x }));
    expectClose(lowered(fused, { x }), onCpu('Identity', { x }));
  });
});

test('an unknown activation is refused by name', () => {
  const x = tf.zeros([1]);
  expect(() => lowered(fused, { x }, { activation: 'gelu' })).toThrow(NoLoweringError);
  expect(() => lowered(fused, { x }, { activation: 'gelu' })).toThrow('gelu');
});
