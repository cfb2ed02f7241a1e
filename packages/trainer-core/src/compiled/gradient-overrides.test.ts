import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

import { gradientOverrides, withGradientOverrides } from './gradient-overrides.js';

const random = (shape: number[], seed: number): tf.Tensor => tf.randomUniform(shape, -1, 1, 'float32', seed);

/** Apart from one another and from these by 1/16, so that no difference is taken across a kink. */
const eighths = (shape: number[], seed: number): tf.Tensor => tf.div(tf.round(tf.mul(random(shape, seed), 8)), 8);

/** d sum(weights * f(x)) / dx for one of the arguments, from differences that f, piecewise linear or quadratic, has exactly. */
function differences(f: (...xs: tf.Tensor[]) => tf.Tensor, xs: readonly tf.Tensor[], of: number, weights: tf.Tensor) {
  const x = xs[of]!;
  const width = 1 / 64;
  return Array.from(x.dataSync(), (_, i) => {
    const moved = (by: number): number => {
      const values = Float32Array.from(x.dataSync());
      values[i]! += by;
      return tf.sum(tf.mul(weights, f(...xs.with(of, tf.tensor(values, x.shape))))).dataSync()[0]!;
    };
    return (moved(width / 2) - moved(-width / 2)) / width;
  });
}

function expectGradients(f: (...xs: tf.Tensor[]) => tf.Tensor, xs: readonly tf.Tensor[]): void {
  tf.tidy(() => {
    const weights = random(f(...xs).shape, 99);
    const gradients = withGradientOverrides(() => tf.grads(f)([...xs], weights));
    for (const [of, gradient] of gradients.entries()) {
      expect(gradient.shape).toEqual(xs[of]!.shape);
      const expected = differences(f, xs, of, weights);
      for (const [i, value] of gradient.dataSync().entries()) expect(value).toBeCloseTo(expected[i]!, 3);
    }
  });
}

let before: number;
beforeEach(() => {
  before = tf.memory().numTensors;
  tf.engine().startScope();
});
afterEach(() => {
  tf.engine().endScope();
  expect(tf.memory().numTensors).toBe(before);
});

describe('the gradient is the slope of', () => {
  test.each([
    ['one axis', [3], [4]],
    ['the axes of a layer normalization', [2, 3, 1], [1, 1, 5]],
    ['several axes', [2, 1, 3], [3, 2, 2]],
    ['no axis', [2, 3], [1, 1]],
    ['five axes, which tfjs has not', [1, 2, 1, 2, 1], [2, 1, 3, 2, 1]],
  ])('tile: %s', (_, shape, reps) => {
    expectGradients((x) => tf.tile(x, reps), [random(shape, 1)]);
  });

  describe.each([
    ['maximum', tf.maximum],
    ['minimum', tf.minimum],
    ['squaredDifference', tf.squaredDifference],
  ])('%s', (_, f) => {
    test.each([
      ['of one shape', [3, 4], [3, 4]],
      ['with a row', [3, 4], [4]],
      ['with a column', [3, 1], [3, 4]],
      ['of a row and a column', [1, 4], [3, 1]],
      ['with a scalar', [], [2, 3]],
    ])('%s', (_, a, b) => {
      expectGradients(f, [eighths(a, 1), tf.add(eighths(b, 2), 1 / 16)]);
    });
  });

  test.each([
    ['the last axis', 2, false, false],
    ['the first axis', 0, false, false],
    ['the middle axis, exclusive', 1, true, false],
    ['the first axis, from the end', 0, false, true],
    ['the middle axis, exclusive and from the end', 1, true, true],
  ])('cumsum: %s', (_, axis, exclusive, reverse) => {
    expectGradients((x) => tf.cumsum(x, axis, exclusive, reverse), [random([2, 3, 4], 1)]);
  });

  test.each([
    ['a product of matrices', 'ij,jk->ik', [[2, 3], [3, 4]]], // prettier-ignore
    ['a result in another order', 'ij, jk -> ki', [[2, 3], [3, 4]]], // prettier-ignore
    ['a batch', 'bij,bjk->bik', [[2, 2, 3], [2, 3, 2]]], // prettier-ignore
    ['the projection of attention', 'abc,cde->abde', [[2, 2, 3], [3, 2, 2]]], // prettier-ignore
    ['the scores of attention', 'aecd,abcd->acbe', [[2, 3, 2, 2], [2, 2, 2, 2]]], // prettier-ignore
    ['a matrix and a vector', 'ij,j->i', [[2, 3], [3]]], // prettier-ignore
    ['a sum over what one operand alone has', 'ij,jk->i', [[2, 3], [3, 4]]], // prettier-ignore
    ['a sum over everything', 'ij,ij->', [[2, 3], [2, 3]]], // prettier-ignore
    ['one operand', 'ij->j', [[2, 3]]],
    ['a transposition', 'ijk->kij', [[2, 3, 4]]],
  ])('einsum: %s', (_, equation, shapes) => {
    const operands = shapes.map((shape, i) => random(shape, i + 1));
    expectGradients((...xs) => tf.einsum(equation, ...xs), operands);
  });

  describe.each([
    ['resizeBilinear', tf.image.resizeBilinear],
    ['resizeNearestNeighbor', tf.image.resizeNearestNeighbor],
  ])('%s', (_, resize) => {
    test.each([
      ['two images twice as large', [2, 2, 3, 2], [4, 6], false, false],
      ['half pixel centers', [2, 3, 2, 1], [7, 4], false, true],
      ['corners aligned', [2, 3, 4, 2], [5, 3], true, false],
      ['smaller', [1, 5, 4, 2], [2, 3], false, false],
    ] as const)('%s', (_, shape, size, alignCorners, halfPixelCenters) => {
      const resized = (x: tf.Tensor): tf.Tensor => resize(x as tf.Tensor4D, [...size], alignCorners, halfPixelCenters);
      expectGradients(resized, [random([...shape], 1)]);
    });
  });
});

test('what is drawn from logits does not move with them', () => {
  const gradient = withGradientOverrides(() =>
    tf.grad((logits) =>
      tf.add(tf.sum(logits), tf.sum(tf.cast(tf.multinomial(logits as tf.Tensor2D, 3, 1), 'float32'))),
    )(random([2, 4], 1)),
  );
  expect(Array.from(gradient.dataSync())).toEqual(Array(8).fill(1));
});

describe('tfjs has its own gradients back', () => {
  const registered = (): unknown[] => gradientOverrides.map(({ kernelName }) => tf.getGradient(kernelName));

  test('afterwards, also those that were missing', () => {
    const own = registered();
    expect(withGradientOverrides(registered)).toEqual(gradientOverrides);
    expect(registered()).toEqual(own);
    expect(tf.getGradient(tf.Multinomial)).toBeUndefined();
  });

  test('after an error', () => {
    const own = registered();
    const failing = (): never => {
      throw new RangeError('no');
    };
    expect(() => withGradientOverrides(failing)).toThrow('no');
    expect(registered()).toEqual(own);
  });

  test('after the outer of two', () => {
    const own = registered();
    withGradientOverrides(() => {
      withGradientOverrides(() => {});
      expect(registered()).toEqual(gradientOverrides);
    });
    expect(registered()).toEqual(own);
  });
});
