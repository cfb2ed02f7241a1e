import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import type { Program, RunRequest, RunResult } from '../contracts/engine.js';
import type { ModelLike } from '../contracts/model.js';
import { EagerEngine } from '../engine/eager-engine.js';
import type { NamedState } from '../state/named-state.js';
import { evaluateModel } from './evaluate.js';
import { BatchList } from './batch-list.js';
import { Inference } from './inference.js';

/** Remembers with what it is run. */
class Watched extends EagerEngine {
  readonly states: NamedState[] = [];

  override run(program: Program, state: NamedState, request?: RunRequest): Promise<RunResult> {
    this.states.push(state);
    return super.run(program, state, request);
  }
}

const w = tf.variable(tf.scalar(3));
const offset = tf.variable(tf.scalar(1));
const model: ModelLike = {
  namedVariables: () => ({ w }),
  namedBuffers: () => ({ offset }),
  forward: ({ x }, { training }) => {
    const y = tf.add(tf.mul(x as tf.Tensor, w), offset);
    return { y, loss: tf.mean(y), training: tf.scalar(training ? 1 : 0) };
  },
};

it('answers on an engine, which sees parameters and buffers under their names', async () => {
  const engine = new Watched();
  const batch = { x: tf.tensor1d([1, 2]) };
  const before = tf.memory().numTensors;
  const outputs = await new Inference(engine, model).run(batch);
  expect(Object.entries(outputs).map(([name, tensor]) => [name, tensor.arraySync()])).toEqual([
    ['y', [4, 7]],
    ['loss', 5.5],
    ['training', 0],
  ]);
  tf.dispose(outputs);
  expect(tf.memory().numTensors).toBe(before);
  expect([engine.states[0]!.variable('parameters/w'), engine.states[0]!.variable('buffers/offset')]).toEqual([
    w,
    offset,
  ]);
});

it('an engine meets one state for a model, however often it is evaluated', async () => {
  const engine = new Watched();
  const loader = new BatchList([{ x: tf.tensor1d([1, 2]) }]);
  expect(await evaluateModel(model, loader, { engine })).toEqual({ loss: 5.5 });
  expect(await evaluateModel(model, loader, { engine })).toEqual({ loss: 5.5 });
  expect(engine.states).toHaveLength(2);
  expect(new Set(engine.states).size).toBe(1);
});
