import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { RandomStreams } from '../../random/streams.js';
import { BlockOrthogonalInitializer } from './block-orthogonal.js';
import { ConstantInitializer, ZeroInitializer } from './constant.js';
import { DiracInitializer, EyeInitializer } from './identity.js';
import { kaimingDeviation, KaimingOptions, kaimingUniform } from './kaiming.js';
import { fansOf } from './layout.js';
import { LstmHiddenBiasInitializer } from './lstm-hidden-bias.js';
import { normal, NormalInitializer } from './normal.js';
import { orthogonal } from './orthogonal.js';
import { SparseInitializer } from './sparse.js';
import { UniformUnitScalingInitializer } from './uniform-unit-scaling.js';
import { uniform, UniformOptions } from './uniform.js';
import { xavierDeviation, xavierNormal, XavierOptions, xavierUniform } from './xavier.js';

const random = new RandomStreams(7).stream('initialization');

function values(tensor: tf.Tensor): number[] {
  return [...tensor.dataSync()];
}

function deviation(numbers: readonly number[]): number {
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  return Math.sqrt(numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length);
}

describe('fans', () => {
  it.each([
    { shape: [20, 30], layout: 'torch', fanIn: 30, fanOut: 20 },
    { shape: [4, 3, 5], layout: 'torch', fanIn: 15, fanOut: 20 },
    { shape: [30, 20], layout: 'tfjs', fanIn: 30, fanOut: 20 },
    { shape: [5, 3, 4], layout: 'tfjs', fanIn: 15, fanOut: 20 },
    { shape: [3, 3, 8, 16], layout: 'tfjs', fanIn: 72, fanOut: 144 },
  ] as const)('of $shape in $layout order are $fanIn and $fanOut', ({ shape, layout, fanIn, fanOut }) => {
    expect(fansOf(shape, layout)).toEqual({ fanIn, fanOut });
  });

  it('refuses vectors', () => {
    expect(() => fansOf([10], 'tfjs')).toThrow(/at least 2 dimensions, received shape \[10\]/);
  });
});

// Recorded from AllenNLP 1.0 on torch.
describe('deviations', () => {
  it.each([
    { options: {}, shape: [20, 30], std: 0.2 },
    { options: { gain: 0.5 }, shape: [4, 3, 5], std: 0.11952286093343936 },
  ])('xavier $options of $shape is $std', ({ options, shape, std }) => {
    expect(xavierDeviation(shape, XavierOptions.parse({ ...options, layout: 'torch' }))).toBeCloseTo(std, 12);
  });

  it.each([
    { options: {}, shape: [20, 30], std: 0.25819888974716115 },
    { options: { a: 0.2, mode: 'fan_out' }, shape: [20, 30], std: 0.3100868364730211 },
    { options: { nonlinearity: 'relu' }, shape: [20, 30], std: 0.25819888974716115 },
    { options: { mode: 'fan_out', nonlinearity: 'tanh' }, shape: [4, 3, 5], std: 0.37267799624996495 },
    { options: { nonlinearity: 'linear' }, shape: [20, 30], std: 0.18257418583505536 },
  ] as const)('kaiming $options of $shape is $std', ({ options, shape, std }) => {
    expect(kaimingDeviation(shape, KaimingOptions.parse({ ...options, layout: 'torch' }))).toBeCloseTo(std, 12);
  });
});

describe('samples', () => {
  it('of uniform need a lower bound that is not above the upper one', () => {
    expect(UniformOptions.safeParse({ a: 2 }).error?.issues).toMatchObject([{ path: ['b'] }]);
    expect(UniformOptions.safeParse({ a: 1 }).success).toBe(true);
  });

  it('of uniform initializers fill their bounds', () => {
    const bound = 0.34641016151377546;
    const drawn = values(xavierUniform([20, 30], random, { layout: 'torch' }));

    expect(Math.max(...drawn)).toBeLessThanOrEqual(bound);
    expect(Math.max(...drawn)).toBeGreaterThan(0.95 * bound);
    expect(Math.min(...drawn)).toBeLessThan(-0.95 * bound);
    expect(Math.min(...values(uniform([1000], random, 2, 5)))).toBeGreaterThanOrEqual(2);
    expect(Math.max(...values(kaimingUniform([30, 20], random)))).toBeLessThanOrEqual(0.447213595499958);
  });

  it('of normal initializers have their deviation', () => {
    expect(deviation(values(xavierNormal([100, 100], random)))).toBeCloseTo(0.1, 2);
    expect(deviation(values(normal([10_000], random, 3, 2)))).toBeCloseTo(2, 1);
  });

  it('are the same bits for one stream, and float32', () => {
    const initializer = new NormalInitializer({ mean: 0, std: 0.1 });
    const first = initializer.create([2, 3], random);

    expect(first.dtype).toBe('float32');
    expect(values(first)).toEqual(values(initializer.create([2, 3], random)));
    expect(values(first)).not.toEqual(values(initializer.create([2, 3], random.at('other'))));
  });

  it('of constants are constant', () => {
    expect(values(new ConstantInitializer({ val: 1.5 }).create([2, 2]))).toEqual([1.5, 1.5, 1.5, 1.5]);
    expect(values(new ZeroInitializer().create([]))).toEqual([0]);
  });
});

describe('orthogonal', () => {
  it.each([
    { shape: [5, 8], rows: 5, gain: 1 },
    { shape: [8, 5], rows: 8, gain: 1.5 },
    { shape: [4, 2, 3], rows: 4, gain: 1 },
  ])('has orthogonal vectors of length $gain on the smaller side of $shape', ({ shape, rows, gain }) => {
    const matrix = tf.reshape<tf.Rank.R2>(orthogonal(shape, random, { gain, layout: 'torch' }), [rows, -1]);
    const wide = matrix.shape[0] <= matrix.shape[1];
    const gram = tf.matMul(matrix, matrix, !wide, wide);
    const expected = tf.mul(tf.eye(gram.shape[0]), gain ** 2);

    expect(tf.max(tf.abs(tf.sub(gram, expected))).dataSync()[0]).toBeLessThan(1e-6);
  });

  it('takes the last dimension as outputs in tfjs order', () => {
    const weight = orthogonal([2, 3, 4], random);
    const matrix = tf.reshape<tf.Rank.R2>(weight, [6, 4]);
    const gram = tf.matMul(matrix, matrix, true);

    expect(tf.max(tf.abs(tf.sub(gram, tf.eye(4)))).dataSync()[0]).toBeLessThan(1e-6);
  });
});

// Recorded from AllenNLP 1.0 on torch where the layout is torch's.
describe('weights that are not random', () => {
  it('eye is an identity, cut where it is not square', () => {
    expect(values(new EyeInitializer().create([2, 3]))).toEqual([1, 0, 0, 0, 1, 0]);
    expect(values(new EyeInitializer().create([3, 2]))).toEqual([1, 0, 0, 1, 0, 0]);
    expect(() => new EyeInitializer().create([3])).toThrow(/2 dimensions, received shape \[3\]/);
  });

  it('dirac has a 1 in the middle of the kernel for each channel', () => {
    const torch = new DiracInitializer({ layout: 'torch' });
    expect(values(torch.create([3, 2, 3]))).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    expect(() => torch.create([3, 2])).toThrow(/3, 4 or 5 dimensions; received shape \[3,2\]/);
  });

  it('a convolution with dirac weights gives its input', () => {
    const image = tf.tensor4d(
      Array.from({ length: 32 }, (_, i) => i),
      [1, 4, 4, 2],
    );
    const filter = new DiracInitializer({ layout: 'tfjs' }).create([3, 3, 2, 2]) as tf.Tensor4D;

    expect(values(tf.conv2d(image, filter, 1, 'same'))).toEqual(values(image));
  });

  it('lstm_hidden_bias opens the forget gate', () => {
    expect(values(new LstmHiddenBiasInitializer().create([8]))).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  });
});

describe('sparse', () => {
  it.each([
    { layout: 'tfjs', shape: [4, 10], dimension: 0 },
    { layout: 'torch', shape: [10, 4], dimension: 1 },
  ] as const)('leaves each input ceil(0.33 x 10) of its outputs 0 in $layout order', ({ layout, shape, dimension }) => {
    const weight = new SparseInitializer({ sparsity: 0.33, std: 0.01, layout }).create(shape, random);
    const isZero = tf.cast(tf.equal(dimension === 0 ? weight : tf.transpose(weight), 0), 'int32');

    expect(values(tf.sum(isZero, 1))).toEqual([4, 4, 4, 4]);
    // not the same outputs for all
    expect(Math.max(...values(tf.sum(isZero, 0)))).toBeLessThan(4);
  });
});

describe('block_orthogonal', () => {
  it('makes every block orthogonal, each another one', () => {
    const weight = blockOrthogonal([2, 3]).create([4, 6], random);
    const blocks = [0, 2].flatMap((row) => [0, 3].map((column) => tf.slice(weight, [row, column], [2, 3])));

    for (const block of blocks) {
      const gram = tf.matMul(block, block, false, true);
      expect(tf.max(tf.abs(tf.sub(gram, tf.mul(tf.eye(2), 0.25)))).dataSync()[0]).toBeLessThan(1e-6);
    }
    expect(new Set(blocks.map((block) => values(block).join())).size).toBe(4);
  });

  it('refuses sizes that do not fit', () => {
    expect(() => blockOrthogonal([2, 2]).create([3, 4], random)).toThrow(/size \[3,4\] and split sizes \[2,2\]/);
  });

  function blockOrthogonal(splitSizes: number[]): BlockOrthogonalInitializer {
    return new BlockOrthogonalInitializer({ splitSizes, gain: 0.5, layout: 'tfjs' });
  }
});

describe('uniform_unit_scaling', () => {
  // Recorded from AllenNLP 1.0.
  it.each([
    { nonlinearity: 'linear', shape: [20, 30], bound: 0.3872983346207417 },
    { nonlinearity: 'tanh', shape: [20, 30], bound: 0.6454972243679029 },
    { nonlinearity: 'relu', shape: [20, 30], bound: 0.5477225575051662 },
    { nonlinearity: 'linear', shape: [2, 3, 40], bound: 0.7071067811865476 },
  ] as const)('fills ±$bound before $nonlinearity', ({ nonlinearity, shape, bound }) => {
    const drawn = values(new UniformUnitScalingInitializer({ nonlinearity }).create(shape, random));

    expect(Math.max(...drawn.map(Math.abs))).toBeLessThanOrEqual(bound);
    expect(Math.max(...drawn)).toBeGreaterThan(0.95 * bound);
    expect(Math.min(...drawn)).toBeLessThan(-0.95 * bound);
  });
});
