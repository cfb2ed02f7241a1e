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

it('two calls in a step draw other numbers, and a step that failed leaves the source as it was', () => {
  const two = withStepRandom(hostRandom(key), () => [randomUniform([4]).dataSync(), randomUniform([4]).dataSync()]);
  expect([...two[0]!]).not.toEqual([...two[1]!]);
  const outer = withStepRandom(hostRandom(key), () => {
    const first = [...randomUniform([4]).dataSync()];
    expect(() =>
      withStepRandom(hostRandom({ ...key, step: 9 }), () => {
        randomUniform([4]);
        throw new RangeError('in the middle');
      }),
    ).toThrow('in the middle');
    return [first, [...randomUniform([4]).dataSync()]];
  });
  expect(outer).toEqual(two.map((values) => [...values]));
});

it('outside of a step every call draws anew', () => {
  expect([...randomUniform([4]).dataSync()]).not.toEqual([...randomUniform([4]).dataSync()]);
});

it('ranges, means and deviations are those that were asked for', () => {
  const uniform = withStepRandom(hostRandom(key), () => randomUniform([20_000], -2, 4).dataSync() as Float32Array);
  expect(uniform.every((value) => value >= -2 && value < 4)).toBe(true);
  expect(Math.abs(mean(uniform) - 1)).toBeLessThan((3.3 * 6) / Math.sqrt(12 * 20_000));
  const normal = withStepRandom(hostRandom(key), () => randomNormal([20_000], 3, 0.5).dataSync() as Float32Array);
  expect(Math.abs(mean(normal) - 3)).toBeLessThan((3.3 * 0.5) / Math.sqrt(20_000));
  expect(Math.sqrt(mean(normal.map((value) => (value - 3) ** 2)))).toBeCloseTo(0.5, 1);
});

it('a longer sequence begins with the shorter one, and a stream is the same every time it is asked', () => {
  const stream = new RandomStreams(7).stream('shuffle').at('epoch').at(3);
  expect([...stream.uniforms(5)]).toEqual([...stream.uniforms(9).slice(0, 5)]);
  expect([...stream.normals(5)]).toEqual([...stream.normals(9).slice(0, 5)]);
  const again = new RandomStreams(7).stream('shuffle').at('epoch').at(3);
  expect([...again.permutation(20)]).toEqual([...stream.permutation(20)]);
  expect([...stream.permutation(0)]).toEqual([]);
});

it('every place of a permutation is equally likely', () => {
  const TIMES = 6000;
  const counts = new Map<string, number>();
  for (let i = 0; i < TIMES; i++) {
    const order = new RandomStreams(i).stream('shuffle').permutation(3).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  // chi-squared of 5 degrees of freedom: 20.5 is exceeded once in a thousand
  const expected = TIMES / 6;
  expect(counts.size).toBe(6);
  expect([...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(20.5);
});

it('random tensors are float32, and nothing else is left in memory', () => {
  const before = tf.memory().numTensors;
  const made = withStepRandom(hostRandom(key), () => [
    randomUniform([2, 3], 1, 2),
    randomNormal([], 1, 2),
    dropout(
      tf.tidy(() => tf.variable(tf.ones([2]))),
      0.5,
    ),
    dropout(
      tf.tidy(() => tf.variable(tf.ones([2]))),
      0,
    ),
  ]);
  expect(made.map(({ dtype }) => dtype)).toEqual(Array(4).fill('float32'));
  expect(made.map(({ shape }) => shape)).toEqual([[2, 3], [], [2], [2]]);
  expect(tf.memory().numTensors).toBe(before + 6); // those four, and the two variables
  tf.dispose(made);
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

  it('passes gradients through what it kept, with the same factor', () => {
    const values = withStepRandom(hostRandom(key), () => {
      const gradient = tf.grad((x) => dropout(x, 0.5));
      return [...gradient(tf.ones([1000])).dataSync()];
    });
    const forward = withStepRandom(hostRandom(key), () => [...dropout(tf.ones([1000]), 0.5).dataSync()]);
    expect(values).toEqual(forward);
    expect(new Set(values)).toEqual(new Set([0, 2]));
  });

  it('with rate 0 is the identity, and draws nothing', () => {
    const [dropped, after] = withStepRandom(hostRandom(key), () => [
      [...dropout(tf.tensor1d([1, 2]), 0).dataSync()],
      [...randomUniform([2]).dataSync()],
    ]);
    expect(dropped).toEqual([1, 2]);
    expect(after).toEqual(withStepRandom(hostRandom(key), () => [...randomUniform([2]).dataSync()]));
  });

  it.each([-0.1, 1, Number.NaN])('refuses the rate %d', (rate) => {
    expect(() => dropout(tf.ones([1]), rate)).toThrow(RangeError);
  });
});
