import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { NamedState } from './named-state.js';

let before: number;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(before);
});

function withVariable(run: (state: NamedState, variable: tf.Variable) => void): void {
  const variable = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
  const state = new NamedState();
  state.define('parameters/w', variable);
  try {
    run(state, variable);
  } finally {
    state.clearTemporaries();
    variable.dispose();
  }
}

it('a name with a variable sets that variable, and the value stays the caller’s', () => {
  withVariable((state, variable) => {
    const value = tf.tensor1d([3, 4]);
    state.set('parameters/w', value);
    expect([...variable.dataSync()]).toEqual([3, 4]);
    expect(value.isDisposed).toBe(false);
    value.dispose();
    expect([...state.get('parameters/w')!.dataSync()]).toEqual([3, 4]);
  });
});

it('any other name is a temporary: a clone that is replaced, removed and cleared', () => {
  withVariable((state) => {
    for (const number of [1, 2]) tf.tidy(() => state.set('gradients/w', tf.scalar(number)));
    tf.tidy(() => state.set('pending/m', tf.scalar(3)));
    expect(state.get('gradients/w')!.dataSync()[0]).toBe(2);
    expect(tf.memory().numTensors).toBe(before + 3); // the variable and two temporaries
    state.remove('pending/m');
    state.remove('pending/never');
    expect(state.get('pending/m')).toBeUndefined();
    state.clearTemporaries();
    expect(state.get('gradients/w')).toBeUndefined();
    expect(state.variable('parameters/w')!.isDisposed).toBe(false);
  });
});

it('lists the names below a folder, variables and temporaries apart, and no folder that only starts alike', () => {
  withVariable((state, variable) => {
    state.define('parameters/layer/b', variable);
    state.define('parametersOld/x', variable);
    tf.tidy(() => state.set('gradients/w', tf.scalar(1)));
    expect(state.variablesIn('parameters')).toEqual(['w', 'layer/b']);
    expect([...state.temporariesIn('gradients').keys()]).toEqual(['w']);
    expect([...state.temporariesIn('parameters').keys()]).toEqual([]);
  });
});
