import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

import { tfjsNow } from './__fixtures__/programs.js';
import {
  assignInPlace,
  checkTfjsInternals,
  dataInfo,
  liveVariables,
  onBackend,
  reviveVariable,
  uncounted,
} from './tfjs-internals.js';

let tensors: number;
beforeAll(() => tf.ready());
beforeEach(() => (tensors = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

it('what is used of this version of tfjs is there', () => {
  expect(() => checkTfjsInternals()).not.toThrow();
});

it('a version without it is refused by name', async () => {
  await jest.isolateModulesAsync(async () => {
    jest.doMock('@tensorflow/tfjs-core', () => ({
      version_core: '5.0.0',
      engine: () => ({ state: { numTensors: 0 } }),
    }));
    const isolated = await import('./tfjs-internals.js');
    expect(() => isolated.checkTfjsInternals()).toThrow(
      expect.objectContaining({
        code: 'X_ENGINE_UNAVAILABLE',
        message: expect.stringMatching(
          /tfjs-core 5\.0\.0: it has no engine\(\)\.state\.tensorInfo, .*; tested with 4\.22\.0/,
        ) as string,
      }),
    );
    jest.dontMock('@tensorflow/tfjs-core');
  });
});

describe('a backend for a while', () => {
  const other = { name: 'other' } as unknown as tf.KernelBackend;

  it('is seen inside, and the old one afterwards', () => {
    const before = tfjsNow();
    expect(onBackend('other', other, () => [tf.getBackend(), tf.backend()])).toEqual(['other', other]);
    expect(tfjsNow()).toEqual(before);
  });

  it('is gone after an error too', () => {
    const before = tfjsNow();
    const failing = (): never => {
      throw new RangeError('inside');
    };
    expect(() => onBackend('other', other, failing)).toThrow(/inside/);
    expect(tfjsNow()).toEqual(before);
  });
});

it('code that is left in the middle of a gradient leaves no gradient under way', () => {
  const before = tfjsNow();
  const inside = (): tf.Scalar => {
    throw new RangeError('inside');
  };
  expect(() => uncounted(() => tf.tidy(() => tf.grad(inside)(tf.scalar(1))))).toThrow(/inside/);
  expect(tfjsNow()).toEqual(before);
});

it('code inside of a gradient is on its own, and the gradient goes on', () => {
  const slope = tf.tidy(() =>
    tf
      .grad((x) => {
        uncounted(() => tf.tidy(() => void tf.exp(x)));
        return tf.square(x);
      })(tf.scalar(3))
      .dataSync(),
  );
  expect([...slope]).toEqual([6]);
});

it('a variable is alive until it is disposed, and again if it is revived', () => {
  const variable = tf.tidy(() => tf.variable(tf.scalar(1), false, 'revived'));
  const { dataId } = variable;
  expect(liveVariables()).toContain(variable);
  tf.backend().incRef(dataId);
  variable.dispose();
  expect(liveVariables()).not.toContain(variable);
  reviveVariable(variable);
  expect([liveVariables().includes(variable), variable.isDisposed, variable.dataSync()[0]]).toEqual([true, false, 1]);
  variable.dispose();
  tensors -= 1;
});

it('a variable takes elements that a backend has, and gives its own back', () => {
  const variable = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
  const before = variable.dataId;
  const { numTensors, numBytes } = tf.memory();
  const dataId = tf.backend().write(Float32Array.of(3, 4), [2], 'float32');
  assignInPlace(variable, { dataId, shape: [2], dtype: 'float32' }, tf.backend());
  expect([...variable.dataSync()]).toEqual([3, 4]);
  expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  expect(dataInfo(before)).toBeUndefined();
  variable.dispose();
});
