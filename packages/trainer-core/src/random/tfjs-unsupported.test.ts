import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { EngineError } from '../errors.js';
import { withLog } from '../log.js';
import { hostRandom, withStepRandom } from './step-random.js';

jest.mock('@tensorflow/tfjs-core', () => {
  const actual = jest.requireActual<typeof tf>('@tensorflow/tfjs-core');
  return { ...actual, truncatedNormal: () => actual.tensor1d([1, 2]) };
});

const key = { seed: 1, step: 2, microBatch: 0 };
const draw = (): number[] => [...tf.randomUniform([4]).dataSync()];

describe('a tfjs that makes its random tensors in another way', () => {
  it('is left alone, with one warning that says what is supported, and still repeats', () => {
    const warnings: string[] = [];
    const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
    const step = (number: number): number[] =>
      withLog(log, () => withStepRandom(hostRandom({ ...key, step: number }), draw));

    expect(step(1)).toEqual(step(1));
    expect(step(1)).not.toEqual(step(2));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`tfjs-core ${tf.version_core}`);
    expect(warnings[0]).toContain('4.22');
  });

  it('is an error for an engine that cannot have numbers of the host', () => {
    const random = { ...hostRandom(key), unrecognised: () => undefined };
    expect(() => withStepRandom(random, draw)).toThrow(EngineError);
  });
});
