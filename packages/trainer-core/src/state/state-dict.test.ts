import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { StateError } from '../errors.js';
import { cloneState, disposeState, mapTensors, readState } from './state-dict.js';

it('a clone keeps its values when the live tensors change, and is disposed apart from them', () => {
  const before = tf.memory().numTensors;
  const live = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
  const clone = cloneState({ step: 3, slots: [{ velocity: live }] });
  live.assign(tf.tidy(() => tf.tensor1d([7, 8])));
  const copied = clone.slots[0]!.velocity as tf.Tensor;
  expect([...copied.dataSync()]).toEqual([1, 2]);
  disposeState(clone);
  expect(copied.isDisposed).toBe(true);
  expect(live.isDisposed).toBe(false);
  live.dispose();
  expect(tf.memory().numTensors).toBeLessThanOrEqual(before + 1);
});

it('every tensor is visited with the dotted way to it, and everything else is kept', () => {
  tf.tidy(() => {
    const state = { a: [null, { b: tf.scalar(1) }], c: tf.scalar(2), d: { e: 'text', f: Number.NaN, g: false } };
    expect(mapTensors(state, (tensor, path) => `${path}=${tensor.dataSync()[0]}`)).toEqual({
      a: [null, { b: 'a.1.b=1' }],
      c: 'c=2',
      d: { e: 'text', f: Number.NaN, g: false },
    });
  });
});

it('reading an entry names what was expected and what is there', () => {
  const tensor = tf.scalar(1);
  const state = { number: 1, text: 'a', yes: true, object: {}, list: [], tensor, nothing: null };
  expect(readState(state, 'number', 'number')).toBe(1);
  expect(readState(state, 'tensor', 'tensor')).toBe(tensor);
  expect(readState(state, 'list', 'array')).toEqual([]);
  for (const [key, found] of [
    ['text', 'string'],
    ['nothing', 'null'],
    ['tensor', 'tensor'],
    ['list', 'array'],
    ['missing', 'nothing'],
  ] as const) {
    expect(() => readState(state, key, 'object')).toThrow(
      new StateError('X_STATE_MISMATCH', `the saved state should have "${key}" of kind object, but has ${found}`),
    );
  }
  tensor.dispose();
});
