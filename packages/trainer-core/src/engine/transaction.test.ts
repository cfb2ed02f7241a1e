import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import type { Program } from '../contracts/engine.js';
import { NamedState } from '../state/named-state.js';
import { sequence } from '../programs/sequence.js';
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

describe('a program in parts, the last of them in place', () => {
  /** Adds 1 to b in place, after a part that holds back a = 9 and puts out a guard. */
  const inParts = (guard: number, last: Program['run']): Program =>
    sequence([
      { ...program(() => ({})), guards: [] },
      {
        ...program((_, writes) => {
          writes.write('parameters/a', tf.tensor1d([9, 9]));
          return { guard: tf.scalar(guard) };
        }),
        guards: ['guard'],
      },
      { ...program(last), inPlace: true },
    ]);
  const addOne: Program['run'] = (_, writes) => {
    writes.write('parameters/b', tf.add(writes.read('parameters/b')!, 1));
    writes.write('gradients/a', null);
    return {};
  };

  it('writes everything when the guards of the earlier parts pass', async () => {
    const state = makeState();
    const { committed, written } = await new EagerEngine().run(inParts(1, addOne), state, { commitIf: 'finite' });
    expect(committed).toBe(true);
    expect([...written].sort()).toEqual(['gradients/a', 'parameters/a', 'parameters/b']);
    expect(valuesOf(state)).toEqual({ 'parameters/a': [9, 9], 'parameters/b': [3, 3], 'gradients/a': [] });
  });

  it('is not begun when they do not pass', async () => {
    const state = makeState();
    const expected = valuesOf(state);
    const before = tf.memory().numTensors;
    const never = jest.fn(addOne);
    const result = await new EagerEngine().run(inParts(Number.NaN, never), state, { commitIf: 'finite' });
    tf.dispose(result.outputs);
    expect(result.committed).toBe(false);
    expect(never).not.toHaveBeenCalled();
    expect(valuesOf(state)).toEqual(expected);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('sees what is held back, and shows its own writes at once', async () => {
    const state = makeState();
    const look = jest.fn<unknown, [number[], number[]]>();
    const last: Program['run'] = (_, writes) => {
      writes.write('parameters/b', writes.read('parameters/a')!);
      look([...state.get('parameters/a')!.dataSync()], [...state.get('parameters/b')!.dataSync()]);
      return {};
    };
    await new EagerEngine().run(inParts(1, last), state);
    expect(look).toHaveBeenCalledWith([1, 1], [9, 9]);
  });
});
