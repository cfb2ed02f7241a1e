import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { MomentumDescent } from '../__fixtures__/small-run.js';
import { StateError } from '../errors.js';
import { ParameterSet } from './parameters.js';
import { cloneState, disposeState } from './state-dict.js';
import type { StateDict } from './state-dict.js';

function makeOptimizer(): MomentumDescent {
  const parameters = ParameterSet.of(tf.tidy(() => ({ w: tf.variable(tf.zeros([2])), b: tf.variable(tf.zeros([1])) })));
  return new MomentumDescent({ lr: 0.5, momentum: 0.5, parameterGroups: [[['b'], { lr: 0.1 }]] }, parameters);
}

/** An optimizer whose `w` had two updates with the gradient [1, 2], and whose `b` had one with [4]. */
function stepped(): MomentumDescent {
  const optimizer = makeOptimizer();
  tf.tidy(() => {
    optimizer.step({ w: tf.tensor1d([1, 2]), b: tf.tensor1d([4]) });
    optimizer.step({ w: tf.tensor1d([1, 2]) });
  });
  return optimizer;
}

function asNumbers(state: StateDict): unknown {
  return JSON.parse(
    JSON.stringify(state, (_, value: unknown) => (value instanceof tf.Tensor ? [...value.dataSync()] : value)),
  );
}

const expected = {
  state: { w: { step: 2, slots: { velocity: [1.5, 3] } }, b: { step: 1, slots: { velocity: [4] } } },
  groups: [
    { parameters: ['b'], options: { lr: 0.1, momentum: 0.5 } },
    { parameters: ['w'], options: { lr: 0.5, momentum: 0.5 } },
  ],
};

it('the state holds slots and step counts of the parameters that were updated, and the options of groups', () => {
  expect(asNumbers(stepped().stateDict())).toMatchObject(expected);
  expect(asNumbers(makeOptimizer().stateDict())).toMatchObject({ state: {} });
});

it('a loaded state is a copy: both go on alone', () => {
  const from = stepped();
  const to = makeOptimizer();
  to.loadStateDict(from.stateDict());
  tf.tidy(() => from.step({ w: tf.tensor1d([9, 9]) }));
  expect(asNumbers(to.stateDict())).toMatchObject(expected);
});

it('loading replaces options: those that were not saved go', () => {
  const to = makeOptimizer();
  to.groups[0]!.options['extra'] = 1;
  to.groups[0]!.options['lr'] = 9;
  to.loadStateDict(stepped().stateDict());
  expect(to.groups[0]!.options).toEqual(stepped().groups[0]!.options);
});

it('an optimizer may load its own live state', () => {
  const optimizer = stepped();
  optimizer.loadStateDict(optimizer.stateDict());
  expect(asNumbers(optimizer.stateDict())).toMatchObject(expected);
});

it('slots are freed with the optimizer, and none is kept by loading', () => {
  const optimizer = stepped();
  const state = cloneState(optimizer.stateDict());
  const before = tf.memory().numTensors;
  optimizer.loadStateDict(state);
  expect(tf.memory().numTensors).toBe(before);
  disposeState(state);
  optimizer.dispose();
  expect(tf.memory().numTensors).toBe(before - 4); // two slots, two clones
});

type Saved = { state: Record<string, unknown>; groups: Record<string, unknown>[] };
const foreign: Readonly<Record<string, (saved: Saved) => unknown>> = {
  'no groups': ({ state }) => ({ state }),
  'fewer groups': ({ state, groups }) => ({ state, groups: groups.slice(1) }),
  'a group that is no object': ({ state, groups }) => ({ state, groups: [groups[0], null] }),
  'a group of other parameters': ({ state, groups }) => ({
    state,
    groups: [{ ...groups[0], parameters: ['c'] }, groups[1]],
  }),
  'a group without options': ({ state, groups }) => ({ state, groups: [groups[0], { parameters: ['w'] }] }),
  'a parameter that is not trained here': ({ state, groups }) => ({ state: { ...state, c: state['b'] }, groups }),
  'no step': ({ state, groups }) => ({ state: { ...state, w: { slots: {} } }, groups }),
  'another slot': ({ state, groups }) => ({
    state: { ...state, w: { step: 1, slots: { mean: tf.zeros([2]) } } },
    groups,
  }),
  'a slot of another shape': ({ state, groups }) => ({
    state: { ...state, w: { step: 1, slots: { velocity: tf.zeros([3]) } } },
    groups,
  }),
  'a slot of another type': ({ state, groups }) => ({
    state: { ...state, w: { step: 1, slots: { velocity: tf.zeros([2], 'int32') } } },
    groups,
  }),
};

it.each(Object.entries(foreign))('%s is refused, and nothing is changed', (_, change) => {
  const optimizer = stepped();
  const saved = makeSaved();
  expect(() => optimizer.loadStateDict(change(saved) as StateDict)).toThrow(StateError);
  expect(asNumbers(optimizer.stateDict())).toMatchObject(expected);
});

function makeSaved(): Saved {
  const other = stepped();
  tf.tidy(() => other.step({ w: tf.tensor1d([5, 5]), b: tf.tensor1d([5]) }));
  other.groups[0]!.options['lr'] = 77;
  return other.stateDict() as unknown as Saved;
}
