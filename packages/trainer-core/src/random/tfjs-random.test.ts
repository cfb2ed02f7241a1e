import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { dropout, hostRandom, randomNormal, randomUniform, withStepRandom } from './step-random.js';
import type { StepRandom } from './step-random.js';

const key = { seed: 1, step: 2, microBatch: 0 };
const inStep = <R>(run: () => R, changed = {}): R => withStepRandom(hostRandom({ ...key, ...changed }), run);
const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]): number => {
  const center = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2)));
};

const DRAWS: Readonly<Record<string, (seed?: number) => tf.Tensor>> = {
  dropout: (seed) => tf.dropout(tf.ones([40]), 0.5, undefined, seed),
  multinomial: (seed) => tf.multinomial(tf.zeros<tf.Rank.R2>([5, 6]), 8, seed),
  rand: () => tf.rand([5], () => Math.random()),
  randomGamma: (seed) => tf.randomGamma([5], 2, 3, 'float32', seed),
  randomNormal: (seed) => tf.randomNormal([5], 1, 2, 'float32', seed),
  randomStandardNormal: (seed) => tf.randomStandardNormal([5], 'float32', seed),
  randomUniform: (seed) => tf.randomUniform([5], 1, 2, 'float32', seed),
  randomUniformInt: (seed) => tf.randomUniformInt([20], 0, 1000, seed),
  truncatedNormal: (seed) => tf.truncatedNormal([5], 1, 2, 'float32', seed),
};

describe.each(Object.entries(DRAWS))('tf.%s in a step', (name, draw) => {
  it('is a function of the key and of the place of the call', () => {
    const two = (changed = {}): number[][] => inStep(() => [numbers(draw()), numbers(draw())], changed);
    const first = two();

    expect(two()).toEqual(first);
    expect(first[0]).not.toEqual(first[1]);
    for (const changed of [{ seed: 0 }, { step: 3 }, { microBatch: 1 }]) expect(two(changed)[0]).not.toEqual(first[0]);
  });

  it('leaves no tensors behind', () => {
    const before = tf.memory().numTensors;
    inStep(() => tf.tidy(() => void draw()));
    const bare = tf.tidy(() => {
      const start = tf.memory().numTensors;
      draw();
      return tf.memory().numTensors - start;
    });
    const stepped = tf.tidy(() => {
      const start = tf.memory().numTensors;
      inStep(() => draw());
      return tf.memory().numTensors - start;
    });

    expect(tf.memory().numTensors).toBe(before);
    expect(stepped).toBe(bare);
  });

  if (name === 'rand') return;

  it('keeps the numbers of a given seed, in any step and next to calls without one', () => {
    const outside = numbers(draw(7));
    const inside = inStep(() => {
      draw();
      const seeded = numbers(draw(7));
      draw();
      return seeded;
    });

    expect(inside).toEqual(outside);
    expect(inStep(() => numbers(draw(7)), { step: 9 })).toEqual(outside);
  });
});

describe('parameters', () => {
  it.each([
    [-2, 4],
    [0, 1],
    [0.1, 0.7],
    [1e6, 1e6 + 1],
    [-1e-9, 3e-9],
    [5, 5],
    [3, -3],
  ])('uniform numbers from %d to %d are those of randomUniform, one or many', (low, high) => {
    for (const shape of [[1], [], [7, 3], [0]]) {
      expect(numbers(inStep(() => tf.randomUniform(shape, low, high)))).toEqual(
        numbers(inStep(() => randomUniform(shape, low, high))),
      );
    }
  });

  it.each([
    [0, 1],
    [3, 0.5],
    [-0.1, 0.02],
    [4, 0],
  ])('normal numbers of mean %d and deviation %d are those of randomNormal, one or many', (center, width) => {
    for (const shape of [[1], [], [7, 3], [0]]) {
      expect(numbers(inStep(() => tf.randomNormal(shape, center, width)))).toEqual(
        numbers(inStep(() => randomNormal(shape, center, width))),
      );
    }
  });

  it('shape and type are those that were asked for', () => {
    const made = inStep(() => [
      tf.randomUniform([2, 3]),
      tf.randomUniform([2], 0, 9, 'int32'),
      tf.randomUniform([2], 0, 2, 'bool'),
      tf.randomNormal([4, 1], 0, 9, 'int32'),
      tf.truncatedNormal([], 0, 9, 'int32'),
      tf.multinomial(tf.tensor1d([0.5, 0.5]), 3, undefined, true),
    ]);

    expect(made.map(({ dtype }) => dtype)).toEqual(['float32', 'int32', 'bool', 'int32', 'int32', 'int32']);
    expect(made.map(({ shape }) => shape)).toEqual([[2, 3], [2], [2], [4, 1], [], [3]]);
  });
});

describe('distributions', () => {
  it('whole uniform numbers are equally likely, below 0 too', () => {
    const drawn = numbers(inStep(() => tf.randomUniformInt([60_000], -2, 4)));
    const counts = [-2, -1, 0, 1, 2, 3].map((value) => drawn.filter((one) => one === value).length);
    // chi-squared of 5 degrees of freedom: 20.5 is exceeded once in a thousand
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(60_000);
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(20.5);
  });

  it('the largest uniform number does not reach the upper end of whole numbers', () => {
    const largest: StepRandom = { ...hostRandom(key), uniform: (shape) => tf.fill([...shape], 1 - 2 ** -24) };
    for (const [low, high] of [
      [0, 3],
      [100, 103],
      [-7, 1000],
    ] as const) {
      expect(numbers(withStepRandom(largest, () => tf.randomUniformInt([2], low, high)))).toEqual([high - 1, high - 1]);
    }
  });

  it('truncated normal numbers have the moments of the distribution within two deviations', () => {
    const drawn = numbers(inStep(() => tf.truncatedNormal([100_000], 3, 0.5)));
    // variance 1 - 4 phi(2) / (2 Phi(2) - 1) = 0.773741
    expect(Math.abs(mean(drawn) - 3)).toBeLessThan((3.3 * 0.5 * 0.8796) / Math.sqrt(100_000));
    expect(deviation(drawn) / 0.5).toBeCloseTo(Math.sqrt(0.773741), 2);
    expect(drawn.every((value) => value >= 2 && value <= 4)).toBe(true);
  });

  it('truncated normal numbers are the quantiles of the uniform ones', () => {
    const uniform = [0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9];
    // NormalDist().inv_cdf(Phi(-2) + u * (1 - 2 * Phi(-2))) of Python's statistics
    const expected = [-2.0, -1.982626, -1.184032, -0.639112, 0.0, 0.639112, 1.184032];
    const fixed: StepRandom = { ...hostRandom(key), uniform: () => tf.tensor1d(uniform) };
    const drawn = numbers(withStepRandom(fixed, () => tf.truncatedNormal([7])));
    expected.forEach((quantile, i) => expect(drawn[i]).toBeCloseTo(quantile, 5));
  });

  it('whole normal numbers are rounded', () => {
    const whole = numbers(inStep(() => tf.randomNormal([50], 0, 9, 'int32')));
    const real = numbers(inStep(() => tf.randomNormal([50], 0, 9)));
    // halves aside, which tfjs rounds up
    expect(whole).toEqual(real.map((value) => Math.round(value) + 0));
  });

  it('outcomes of a multinomial are as likely as asked for, from logits or from probabilities', () => {
    const shares = [0.1, 0.2, 0.7];
    for (const [input, normalized] of [
      [shares.map(Math.log), false],
      [shares, true],
    ] as const) {
      const drawn = numbers(inStep(() => tf.multinomial(tf.tensor1d(input), 20_000, undefined, normalized)));
      shares.forEach((share, i) => {
        expect(drawn.filter((outcome) => outcome === i).length / 20_000).toBeCloseTo(share, 2);
      });
    }
  });

  it('a multinomial inside of a gradient is a constant', () => {
    const probabilities = tf.tensor1d([0.5, 0.5]);
    const factors = (): tf.Tensor => tf.cast(tf.multinomial(probabilities, 2, undefined, true), 'float32');
    const gradient = inStep(() => numbers(tf.grad((x) => tf.sum(tf.mul(x, factors())))(tf.ones([2]))));
    expect(gradient).toEqual(inStep(() => numbers(factors())));
  });

  it('an outcome of probability 0 is never drawn', () => {
    const drawn = numbers(inStep(() => tf.multinomial(tf.tensor2d([[0, 1, 0]]), 1000, undefined, true)));
    expect(new Set(drawn)).toEqual(new Set([1]));
  });
});

describe('dropout', () => {
  it.each([0.1, 0.25, 0.3, 0.5, 0.9])('tf.dropout of rate %d drops what dropout of this package drops', (rate) => {
    const x = tf.fill([20_000], 3);
    expect(numbers(inStep(() => tf.dropout(x, rate)))).toEqual(numbers(inStep(() => dropout(x, rate))));
  });

  it('has gradients through what it kept', () => {
    const gradient = inStep(() => numbers(tf.grad((x) => tf.dropout(x, 0.5))(tf.ones([1000]))));
    expect(gradient).toEqual(inStep(() => numbers(tf.dropout(tf.ones([1000]), 0.5))));
  });
});

describe('what a step borrows', () => {
  /** Everything that a step replaces. */
  function borrowed(): unknown[] {
    const { prototype } = tf.TensorBuffer;
    return [
      Math.random,
      Math.round,
      prototype.toTensor,
      Object.getOwnPropertyDescriptor(prototype, 'values'),
      tf.getKernel('Multinomial', 'cpu').kernelFunc,
    ];
  }
  const everything = (): void => void tf.tidy(() => Object.values(DRAWS).forEach((draw) => draw()));

  it('is given back, after errors too', () => {
    const before = borrowed();
    inStep(everything);
    expect(borrowed()).toEqual(before);
    expect(() =>
      inStep(() => {
        everything();
        throw new RangeError('in the middle');
      }),
    ).toThrow('in the middle');
    expect(borrowed()).toEqual(before);
    const failing: StepRandom = {
      ...hostRandom(key),
      normal: () => {
        throw new RangeError('no numbers');
      },
    };
    expect(() => withStepRandom(failing, () => tf.randomNormal([2], 0, 3, 'int32'))).toThrow('no numbers');
    expect(borrowed()).toEqual(before);
    expect(() => inStep(() => tf.multinomial(tf.zeros([2, 2, 2]) as unknown as tf.Tensor2D, 1))).toThrow('Rank');
    expect(borrowed()).toEqual(before);
  });

  it('serves the innermost step, and goes on with the outer one', () => {
    const draw = (): number[] => numbers(tf.randomUniform([4]));
    const [first, second] = inStep(() => [draw(), draw()]);
    inStep(() => {
      expect(draw()).toEqual(first);
      expect(inStep(draw, { step: 9 })).toEqual(inStep(draw, { step: 9 }));
      expect(draw()).toEqual(second);
    });
  });

  it('is of no use outside', () => {
    inStep(everything);
    expect(numbers(tf.randomUniform([4]))).not.toEqual(numbers(tf.randomUniform([4])));
  });

  it('an operation that failed before it made its buffer does not take part in a later one', () => {
    const seeded = numbers(tf.randomNormal([3], 0, 1, 'float32', 7));
    inStep(() => {
      expect(() => tf.randomNormal([3], 0, 1, 'complex64' as 'float32')).toThrow('complex64');
      expect(numbers(tf.randomNormal([3], 0, 1, 'float32', 7))).toEqual(seeded);
    });
  });

  it('buffers of other code work as ever', () => {
    inStep(() => {
      const buffer = tf.buffer([2], 'float32', Float32Array.of(1, 2));
      buffer.set(5, 1);
      expect(numbers(buffer.toTensor())).toEqual([1, 5]);
      expect(Object.keys(buffer)).toContain('values');
    });
  });
});

describe('an engine that cannot have numbers of the host', () => {
  function refusing(): StepRandom & { readonly told: string[] } {
    const told: string[] = [];
    return { ...hostRandom(key), told, unrecognised: (what) => void told.push(what) };
  }

  it('is told what asked for them', () => {
    const random = refusing();
    withStepRandom(random, () => {
      DRAWS['randomGamma']!();
      DRAWS['rand']!();
      Math.random();
    });
    expect(new Set(random.told)).toEqual(new Set(['tf.randomGamma', 'tf.rand', 'Math.random()']));
  });

  it('is not told of operations that are tensors of the step, or that have a seed', () => {
    const random = refusing();
    const { rand: _rand, randomGamma, ...others } = DRAWS;
    withStepRandom(random, () => {
      for (const draw of Object.values(others)) tf.dispose([draw(), draw(7)]);
      randomGamma!(7);
    });
    expect(random.told).toEqual([]);
  });
});
