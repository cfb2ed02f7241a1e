import * as tf from '@tensorflow/tfjs-core';

import { expectClose, lowered, onCpu, random, randomInts } from './__fixtures__/against-cpu.js';
import { differences } from './__fixtures__/against-gradient.js';
import { imageCases, volumeCases } from './__fixtures__/pooling-cases.js';
import { maxPoolLowerings } from './max-pool.js';

const families = [
  ['MaxPool', imageCases],
  ['MaxPool3D', volumeCases],
] as const;

describe.each(families)('%s', (kernel, cases) => {
  test.each(cases)('%s', (_, shape, attributes) => {
    const x = random(shape);
    expectClose(lowered(maxPoolLowerings[kernel]!, { x }, attributes), onCpu(kernel, { x }, attributes));
  });
});

describe('gradients', () => {
  describe.each(families)('%s', (kernel, cases) => {
    // each of few numbers stands in a window many times
    const tied = (shape: number[]): tf.Tensor => tf.round(random(shape, 1, -1, 1));
    const gradientOf = (input: tf.Tensor, attributes: (typeof cases)[number][2]) => {
      const [y] = onCpu(kernel, { x: input }, attributes);
      const [output, dy] = [tf.tensor([...y!.data], [...y!.shape]), random([...y!.shape], 2)];
      const inputs = { dy, input, output };
      return { inputs, actual: lowered(maxPoolLowerings[`${kernel}Grad`]!, inputs, attributes) };
    };
    test.each(cases)('%s', (_, shape, attributes) => {
      const { inputs, actual } = gradientOf(random(shape), attributes);
      expectClose(actual, onCpu(`${kernel}Grad`, inputs, attributes));
    });

    test.each(cases)('%s, with ties', (_, shape, attributes) => {
      const { inputs, actual } = gradientOf(tied(shape), attributes);
      expectClose(actual, onCpu(`${kernel}Grad`, inputs, attributes));
    });
  });

  test('volumes with windows that are not as high as wide, where the cpu kernel is wrong', () => {
    const attributes = { filterSize: [2, 1, 3], strides: [2, 1, 3], pad: 'valid', dataFormat: 'NDHWC' };
    const input = tf.reshape(tf.range(0, 48), [1, 4, 2, 6, 1]);
    const dy = random([1, 2, 2, 2, 1]);
    const pool = (x: tf.Tensor): tf.Tensor => tf.maxPool3d(x as tf.Tensor5D, [2, 1, 3], [2, 1, 3], 'valid');
    expectClose(lowered(maxPoolLowerings['MaxPool3DGrad']!, { dy, input }, attributes), [
      differences(pool, input, dy, 0.5),
    ]);
  });
});

test('whole numbers stay what they are', () => {
  const x = randomInts([2, 4, 4, 2], 9);
  const attributes = { filterSize: 2, strides: 2, pad: 'valid' };
  expectClose(lowered(maxPoolLowerings['MaxPool']!, { x }, attributes), onCpu('MaxPool', { x }, attributes));
});
