import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { hash32, permutation } from './counter.js';
import { dropout, hostRandom, randomNormal, randomUniform, withStepRandom } from './step-random.js';
import { RandomStreams } from './streams.js';

const key = { seed: 1, step: 2, microBatch: 0 };
const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

it('the hash is lowbias32: values of its published C code', () => {
  // computed with the reference implementation (uint32_t arithmetic)
  expect([hash32(0), hash32(1), hash32(0xffffffff)].map((value) => value >>> 0)).toEqual([0, 1753845952, 1734902346]);
});

it('uniform numbers have the mean and the variance of [0, 1)', () => {
  const values = new RandomStreams(7).stream('test').uniforms(100_000);
  expect(mean(values)).toBeCloseTo(0.5, 2);
  expect(mean(values.map((value) => (value - 0.5) ** 2))).toBeCloseTo(1 / 12, 3);
  expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
});

it('normal numbers have mean 0, variance 1 and the tails of a bell', () => {
  const values = new RandomStreams(7).stream('test').normals(100_000);
  expect(Math.abs(mean(values))).toBeLessThan(3.3 / Math.sqrt(100_000)); // 3.3 standard errors
  expect(mean(values.map((value) => value ** 2))).toBeCloseTo(1, 1);
  expect(values.filter((value) => Math.abs(value) > 1.96).length / 100_000).toBeCloseTo(0.05, 2);
});

it('streams of other names, parts and seeds are uncorrelated', () => {
  const streams = [
    new RandomStreams(7).stream('a'),
    new RandomStreams(7).stream('b'),
    new RandomStreams(8).stream('a'),
    new RandomStreams(7).stream('a').at(1),
  ];
  const samples = streams.map((stream) => stream.uniforms(20_000));
  for (const [i, one] of samples.entries()) {
    for (const other of samples.slice(i + 1)) {
      const covariance = mean(one.map((value, n) => (value - 0.5) * (other[n]! - 0.5)));
      expect(Math.abs(covariance) * 12).toBeLessThan(0.03);
    }
  }
});

it('a permutation holds every number once, and another key gives another order', () => {
  const order = permutation(3, 1000);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect([...permutation(4, 1000)]).not.toEqual([...order]);
});

it('the random numbers of a step are a function of its key and of the place of the call', () => {
  const draw = (changed = {}): number[] =>
    withStepRandom(hostRandom({ ...key, ...changed }), () => [
      ...randomUniform([3]).dataSync(),
      ...randomNormal([3]).dataSync(),
    ]);
  expect(draw()).toEqual(draw());
  for (const changed of [{ seed: 0 }, { step: 3 }, { microBatch: 1 }]) expect(draw(changed)).not.toEqual(draw());
});

describe('dropout', () => {
  it('drops the given share, scales the rest, and keeps the mean', () => {
    const values = withStepRandom(hostRandom(key), () => dropout(tf.ones([50_000]), 0.25).dataSync() as Float32Array);
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    expect(values.filter((value) => value === 0).length / 50_000).toBeCloseTo(0.25, 2);
  });

  it('draws once for a dimension of 1 in the noise shape', () => {
    const rows = withStepRandom(hostRandom(key), () =>
      dropout(tf.tensor2d(Array.from({ length: 100 }, () => [1, 1, 1, 1])), 0.5, [100, 1]).arraySync(),
    );
    expect(rows.every((row) => new Set(row).size === 1)).toBe(true);
  });

  it.each([-0.1, 1, Number.NaN])('refuses the rate %d', (rate) => {
    expect(() => dropout(tf.ones([1]), rate)).toThrow(RangeError);
  });
});
