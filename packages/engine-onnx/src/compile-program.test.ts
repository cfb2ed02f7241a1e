import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { EngineError, NamedState } from '@x/trainer-core';
import type { Batch, Program } from '@x/trainer-core';

import { OnnxEngine } from './onnx-engine.js';
import { loadOnnxRuntime } from './run/onnxruntime.js';
import { StateMemory } from './update/memory.js';

/** The state after a program, by name. */
async function stateAfter(
  run: Program['run'],
  start: Readonly<Record<string, readonly number[]>>,
  batch: Batch = {},
): Promise<Record<string, number[]>> {
  const engine = new OnnxEngine({ onFailure: 'error' });
  await engine.prepare();
  const state = new NamedState();
  for (const [name, elements] of Object.entries(start)) state.define(name, tf.variable(tf.tensor1d([...elements])));
  await engine.run({ name: 'program', key: '', guards: [], run }, state, { batch });
  const after = Object.fromEntries([...state.allVariables()].map(([name, value]) => [name, [...value.dataSync()]]));
  for (const [, variable] of state.allVariables()) variable.dispose();
  engine.dispose();
  return after;
}

describe('a compiled program', () => {
  it('hands a scalar of the state to the update of another tensor as it was before its own update', async () => {
    const after = await stateAfter(
      (_, state) => {
        const [scale, w] = [state.read('parameters/scale')!, state.read('parameters/w')!];
        state.write('parameters/scale', tf.mul(scale, 10));
        state.write('parameters/w', tf.mul(w, scale));
        return {};
      },
      { 'parameters/scale': [2], 'parameters/w': [1, 2, 3] },
    );
    expect(after).toEqual({ 'parameters/scale': [20], 'parameters/w': [2, 4, 6] });
  });

  it('lets states of one element read each other', async () => {
    const after = await stateAfter(
      (_, state) => {
        const [a, b] = [state.read('parameters/a')!, state.read('parameters/b')!];
        state.write('parameters/a', tf.add(a, b));
        state.write('parameters/b', tf.sub(a, b));
        return {};
      },
      { 'parameters/a': [5], 'parameters/b': [3] },
    );
    expect(after).toEqual({ 'parameters/a': [8], 'parameters/b': [2] });
  });

  it.each([
    ['whole numbers', () => tf.tensor1d([1, -2, 3], 'int32'), [1, -2, 3]],
    ['truth values', () => tf.tensor1d([1, 0, 1], 'bool'), [1, 0, 1]],
  ])('takes a batch that tfjs made of %s without a copy', async (_, make, expected) => {
    // such a cast keeps the array of the other type
    const x = tf.tidy(() => tf.cast(make(), 'float32'));
    const after = await stateAfter(
      ({ batch }, state) => {
        state.write('parameters/w', batch['x'] as tf.Tensor);
        return {};
      },
      { 'parameters/w': [0, 0, 0] },
      { x },
    );
    x.dispose();
    expect(after).toEqual({ 'parameters/w': expected });
  });
});

it('a program for which there is no memory leaves no session behind', async () => {
  const runtime = loadOnnxRuntime();
  const { createSession } = runtime;
  const dispose = jest.fn();
  const creating = jest.spyOn(runtime, 'createSession').mockImplementation((model, settings) => {
    const session = createSession(model, settings);
    dispose.mockImplementation(() => session.dispose());
    return { ...session, dispose };
  });
  const allocating = jest.spyOn(StateMemory.prototype, 'allocate').mockImplementation(() => {
    throw new EngineError('X_ENGINE_UNAVAILABLE', 'the memory is full');
  });
  const engine = new OnnxEngine({ onFailure: 'error' });
  const program: Program = {
    name: 'program',
    key: '',
    guards: [],
    run: ({ numbers }) => ({ x: tf.exp(numbers['x']!) }),
  };
  try {
    await engine.prepare();
    await expect(engine.run(program, new NamedState(), { numbers: { x: 1 } })).rejects.toThrow('the memory is full');
    expect(dispose).toHaveBeenCalledTimes(1);
  } finally {
    creating.mockRestore();
    allocating.mockRestore();
    engine.dispose();
  }
});
