import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { MetricError, ModelError } from '../errors.js';
import { runForward } from './run-forward.js';

function failing(error: Error): Parameters<typeof runForward>[0] {
  return {
    forward: () => {
      throw error;
    },
    namedVariables: () => ({}),
  };
}

describe('runForward', () => {
  it('says what the batch has where a model fails, and keeps the reason', () => {
    const reason = new TypeError('x is undefined');
    const batch = { x: tf.zeros([2, 3]), label: tf.zeros([2], 'int32'), ids: ['a', 'b'], language: 'en' };
    const error = ((): unknown => {
      try {
        return runForward(failing(reason), batch, { training: true });
      } catch (thrown) {
        return thrown;
      }
    })();

    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({
      code: 'X_MODEL_INVALID',
      message: expect.stringMatching(
        /^the model's forward\(\) failed: x is undefined; the batch has x: float32 \[2,3\], label: int32 \[2\], ids: a list of 2, language: string \(at .*run-forward\.test\.ts:\d+:\d+\)$/,
      ) as string,
      cause: reason,
    });
    tf.dispose(batch);
  });

  it('names the line under all of TensorFlow.js', () => {
    const model = {
      forward: () => ({ y: tf.gather(tf.zeros([2]), tf.tensor1d([7], 'int32')) }),
      namedVariables: () => ({}),
    };
    expect(() => tf.tidy(() => runForward(model, {}, { training: true }))).toThrow(
      /index value 7 is not in \[0, 1\]; the batch has nothing \(at .*run-forward\.test\.ts:\d+:\d+\)$/,
    );
  });

  it('refuses an asynchronous model, whose own error ends no process', () => {
    const model = { forward: (() => Promise.reject(new TypeError('later'))) as never, namedVariables: () => ({}) };
    expect(() => runForward(model, {}, { training: true })).toThrow(/forward\(\) is asynchronous, .* data loader/);
  });

  it('leaves our own errors as they are', () => {
    const reason = new MetricError('X_METRIC_UNKNOWN', 'no such metric');

    expect(() => runForward(failing(reason), {}, { training: false })).toThrow(reason);
  });
});
