import * as tf from '@tensorflow/tfjs-core';

import { expectClose, lowered, onCpu, random, randomInts } from './__fixtures__/against-cpu.js';
import { differences } from './__fixtures__/against-gradient.js';
import { resizeLowerings } from './resize.js';

const cases: readonly (readonly [string, number[], [number, number]])[] = [
  ['twice as large', [2, 3, 4, 2], [6, 8]],
  ['thrice as high alone', [3, 2, 5, 1], [6, 5]],
  ['larger by no whole number', [2, 3, 5, 2], [7, 8]],
  ['half as large', [1, 6, 8, 3], [3, 4]],
  ['smaller by no whole number', [3, 7, 5, 2], [4, 3]],
  ['to one element', [2, 5, 4, 2], [1, 1]],
  ['from one element', [2, 1, 1, 2], [4, 3]],
];

const rules = [
  ['by corners', { alignCorners: false, halfPixelCenters: false }],
  ['with corners aligned', { alignCorners: true, halfPixelCenters: false }],
  ['by half pixel centers', { alignCorners: false, halfPixelCenters: true }],
] as const;

describe.each(['ResizeBilinear', 'ResizeNearestNeighbor'])('%s', (kernel) => {
  describe.each(rules)('%s', (_, rule) => {
    test.each(cases)('%s', (_, shape, size) => {
      const images = random(shape);
      const attributes = { ...rule, size };
      expectClose(lowered(resizeLowerings[kernel]!, { images }, attributes), onCpu(kernel, { images }, attributes));
    });

    // the cpu kernels are wrong in many of these
    test.each(cases)('the gradient of %s', (_, shape, size) => {
      const [images, dy] = [random(shape), random([shape[0]!, ...size, shape[3]!], 2)];
      const attributes = { ...rule, size };
      const resized = (x: tf.Tensor): tf.Tensor => tf.engine().runKernel(kernel, { images: x }, attributes);
      const actual = lowered(resizeLowerings[`${kernel}Grad`]!, { images, dy }, attributes);
      expectClose(actual, [differences(resized, images, dy)], 5e-6);
    });
  });
});

test('whole numbers become numbers between them, or stay what they are', () => {
  const images = randomInts([2, 3, 4, 2], 9);
  for (const kernel of ['ResizeBilinear', 'ResizeNearestNeighbor']) {
    for (const size of [
      [6, 8],
      [5, 5],
    ]) {
      const attributes = { alignCorners: false, halfPixelCenters: false, size };
      const [expected] = onCpu(kernel, { images }, attributes);
      expectClose(lowered(resizeLowerings[kernel]!, { images }, attributes), [expected!]);
    }
  }
});

test('gradients where the cpu kernels are right', () => {
  const attributes = { alignCorners: true, halfPixelCenters: false, size: [7, 9] };
  const inputs = { images: random([2, 5, 5, 2]), dy: random([2, 7, 9, 2], 2) };
  const bilinear = lowered(resizeLowerings['ResizeBilinearGrad']!, inputs, attributes);
  expectClose(bilinear, onCpu('ResizeBilinearGrad', inputs, attributes));

  const one = { images: random([1, 5, 4, 2]), dy: random([1, 7, 9, 2], 2) };
  const nearest = lowered(resizeLowerings['ResizeNearestNeighborGrad']!, one, attributes);
  expectClose(nearest, onCpu('ResizeNearestNeighborGrad', one, attributes));
});
