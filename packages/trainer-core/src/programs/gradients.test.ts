import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import type { Batch } from '../contracts/batch.js';
import type { RunRequest } from '../contracts/engine.js';
import { EagerEngine } from '../engine/eager-engine.js';
import { NamedState } from '../state/named-state.js';
import { ParameterSet } from '../state/parameters.js';
import { NoPrecision } from '../training/neutral.js';
import { gradientsProgram } from './gradients.js';

interface Setup {
  readonly state: NamedState;
  readonly running: tf.Variable;
  run(batch: Batch, groupSize: number): Promise<void>;
}

/** loss = sum(w x), whose gradient is x; forward also adds mean(x) to the buffer `running`. */
function setUp(clipping: number | null = null, lossScale = 1): Setup {
  const { w, running } = tf.tidy(() => ({
    w: tf.variable(tf.tensor1d([1, 1])),
    running: tf.variable(tf.scalar(0), false),
  }));
  const state = new NamedState();
  state.define('parameters/w', w);
  state.define('buffers/running', running);
  const precision = new (class extends NoPrecision {
    override unscale(gradient: tf.Tensor, scale?: tf.Scalar): tf.Tensor {
      return tf.div(gradient, scale!);
    }
  })();
  const program = gradientsProgram({
    outputs: ({ x }) => {
      running.assign(tf.add(running, tf.mean(x as tf.Tensor)));
      return { loss: tf.sum(tf.mul(w, x as tf.Tensor)), running };
    },
    parameters: [...ParameterSet.of({ w })],
    buffers: { running },
    precision,
    clipping,
  });
  return {
    state,
    running,
    async run(batch, groupSize) {
      const request: RunRequest = { batch, numbers: { groupSize, lossScale } };
      tf.dispose((await new EagerEngine().run(program, state, request)).outputs);
    },
  };
}

const x = (...values: number[]): Batch => ({ x: tf.tensor1d(values) });

function read(state: NamedState, name: string): number[] {
  return [...state.get(name)!.dataSync()];
}

it('divides by the size of the group and adds up over micro-batches', async () => {
  const { state, run } = setUp();
  await run(x(2, 4), 2);
  expect(read(state, 'gradients/w')).toEqual([1, 2]);
  await run(x(6, 8), 2);
  expect(read(state, 'gradients/w')).toEqual([4, 6]);
});

it('clamps what each micro-batch adds, so that the sum may be larger', async () => {
  const { state, run } = setUp(1);
  await run(x(2, -8), 2);
  await run(x(8, 0.5), 2);
  expect(read(state, 'gradients/w')).toEqual([2, -0.75]);
});

it('unscales before it clamps', async () => {
  const { state, run } = setUp(3, 1024);
  await run(x(2, 8), 1);
  expect(read(state, 'gradients/w')).toEqual([2, 3]);
});

it('a buffer goes on from micro-batch to micro-batch in a pending slot, and its committed value stays', async () => {
  const { state, running, run } = setUp();
  await run(x(1, 3), 2);
  await run(x(4, 6), 2);
  expect(read(state, 'pending/running')).toEqual([7]);
  expect([...running.dataSync()]).toEqual([0]);
});
