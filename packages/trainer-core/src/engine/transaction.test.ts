import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import type { Program } from '../contracts/engine.js';
import { NamedState } from '../state/named-state.js';
import { EagerEngine } from './eager-engine.js';

function makeState(): NamedState {
  const state = new NamedState();
  tf.tidy(() => {
    state.define('parameters/a', tf.variable(tf.tensor1d([1, 1])));
    state.define('parameters/b', tf.variable(tf.tensor1d([2, 2])));
    state.set('gradients/a', tf.tensor1d([3, 3]));
  });
  return state;
}

function valuesOf(state: NamedState): Record<string, number[] | undefined> {
  return Object.fromEntries(
    ['parameters/a', 'parameters/b', 'gradients/a'].map((name) => [name, [...(state.get(name)?.dataSync() ?? [])]]),
  );
}

function program(run: Program['run']): Program {
  return { name: 'test', key: '', guards: [], run };
}

it.each([
  ['shape', () => tf.tensor1d([7, 7, 7])],
  ['type', () => tf.tensor1d([7, 7], 'int32')],
])(
  'a write of another %s to a variable fails the run, and not even the writes before it are seen',
  async (_, wrong) => {
    const state = makeState();
    const expected = valuesOf(state);
    const before = tf.memory().numTensors;
    const run = program((__, writes) => {
      writes.write('parameters/a', tf.tensor1d([9, 9]));
      writes.write('gradients/a', null);
      writes.write('parameters/b', wrong());
      return {};
    });
    await expect(new EagerEngine().run(run, state)).rejects.toThrow(/parameters\/b/);
    expect(valuesOf(state)).toEqual(expected);
    expect(tf.memory().numTensors).toBe(before);
  },
);

it('a temporary may change its shape, and a name may be written, removed and written again', async () => {
  const state = makeState();
  const run = program((_, writes) => {
    writes.write('gradients/a', tf.scalar(1));
    writes.write('gradients/a', null);
    expect(writes.read('gradients/a')).toBeUndefined();
    writes.write('gradients/a', tf.scalar(4));
    return {};
  });
  const { written } = await new EagerEngine().run(run, state);
  expect(valuesOf(state)['gradients/a']).toEqual([4]);
  expect([...written]).toEqual(['gradients/a']);
});
