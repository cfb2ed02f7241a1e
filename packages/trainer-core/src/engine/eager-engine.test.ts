import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import type { Program } from '../contracts/engine.js';
import { randomUniform } from '../random/step-random.js';
import { NamedState } from '../state/named-state.js';
import { EagerEngine } from './eager-engine.js';

const engine = new EagerEngine();

function program(run: Program['run'], guards: readonly string[] = []): Program {
  return { name: 'test', key: '', guards, run };
}

/** A parameter w = 1 whose average is 10. */
function makeState(): { state: NamedState; w: tf.Variable } {
  const state = new NamedState();
  const { w, average } = tf.tidy(() => ({ w: tf.variable(tf.scalar(1)), average: tf.variable(tf.scalar(10)) }));
  state.define('parameters/w', w);
  state.define('averages/w', average);
  return { state, w };
}

it('is usable with a backend and gradients, on the CPU', async () => {
  expect(await engine.probe()).toMatchObject({ usable: true, reason: expect.stringContaining('backend') as string });
  await expect(engine.prepare()).resolves.toBeUndefined();
  expect([engine.supportsDevice(-1), engine.supportsDevice(0)]).toEqual([true, false]);
  const tensor = tf.scalar(1);
  expect(engine.memory()).toMatchObject({ deviceBytes: {}, tensors: tf.memory().numTensors });
  expect(engine.memory().hostBytes).toBeGreaterThan(1e6);
  tensor.dispose();
});

it('binds averages for a run, also for an output that is the variable itself, and puts the raw weights back', async () => {
  const { state, w } = makeState();
  const run = program(() => ({ w, twice: tf.mul(w, 2) }));
  const averaged = await engine.run(run, state, { parameters: 'averaged' });
  expect([averaged.outputs['w']!.dataSync()[0], averaged.outputs['twice']!.dataSync()[0]]).toEqual([10, 20]);
  expect(w.dataSync()[0]).toBe(1);
  tf.dispose(averaged.outputs);
  expect(w.isDisposed).toBe(false);
  const failing = program(() => {
    throw new RangeError('in the middle');
  });
  await expect(engine.run(failing, state, { parameters: 'averaged' })).rejects.toThrow('in the middle');
  expect(w.dataSync()[0]).toBe(1);
});

it.each<['always' | 'not-nan' | 'finite', number, boolean]>([
  ['always', Number.NaN, true],
  ['not-nan', Number.NaN, false],
  ['not-nan', Number.POSITIVE_INFINITY, true],
  ['finite', Number.POSITIVE_INFINITY, false],
  ['finite', 1, true],
])('under "%s" a guard of %d: committed is %s, and what was written is told', async (commitIf, guard, committed) => {
  const { state, w } = makeState();
  const before = tf.memory().numTensors;
  const run = program(
    ({ numbers }, writes) => {
      writes.write('parameters/w', tf.scalar(7));
      return { guard: tf.mul(numbers['value']!, 1) };
    },
    ['guard', 'absent'],
  );
  const result = await engine.run(run, state, { numbers: { value: guard }, commitIf });
  tf.dispose(result.outputs);
  expect(result.committed).toBe(committed);
  expect([...result.written]).toEqual(['parameters/w']);
  expect(w.dataSync()[0]).toBe(committed ? 7 : 1);
  expect(tf.memory().numTensors).toBe(before);
});

it('random numbers are named by the key of the request', async () => {
  const { state } = makeState();
  const draw = async (step: number): Promise<number[]> => {
    const random = { seed: 1, step, microBatch: 0 };
    const { outputs } = await engine.run(
      program(() => ({ drawn: randomUniform([4]) })),
      state,
      { random },
    );
    return [...outputs['drawn']!.dataSync()];
  };
  expect(await draw(1)).toEqual(await draw(1));
  expect(await draw(1)).not.toEqual(await draw(2));
});

it('says that a tensor of the batch is disposed, rather than that a property cannot be read', async () => {
  const { state } = makeState();
  const x = tf.scalar(1);
  x.dispose();
  const run = program(({ batch }) => ({ y: tf.neg(batch['x'] as tf.Tensor) }));
  await expect(engine.run(run, state, { batch: { x } })).rejects.toMatchObject({
    code: 'X_DATA_INVALID',
    message: expect.stringContaining('a tensor of the batch is disposed') as string,
  });
});
