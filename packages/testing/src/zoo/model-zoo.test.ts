import assert from 'node:assert/strict';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch, ModelLike, ParameterSet } from '@x/trainer-core';
import { disposeBatch, EagerEngine, MovingAverage } from '@x/trainer-core';

import { expectNoLeak } from '../expect-no-leak.js';
import { MomentumDescent } from '../momentum-descent.js';
import { modelZoo } from './model-zoo.js';
import { trainSteps } from './train-steps.js';
import type { TrainedSteps } from './train-steps.js';
import type { ZooEntry } from './zoo-entry.js';

const STEPS = 2;

/** A convolution on tfjs's CPU backend takes its time where other work goes on. */
jest.setTimeout(30_000);

beforeAll(async () => {
  tf.enableProdMode();
  await tf.setBackend('cpu');
});

it('holds twenty models of different names', () => {
  expect(new Set(modelZoo.map(({ name }) => name)).size).toBe(20);
});

describe.each(modelZoo.map((entry) => [entry.name, entry] as const))('%s', (_, entry) => {
  it('is trained, the same way each time, and leaves nothing behind', async () => {
    const [once, again] = await expectNoLeak(async () => [await train(entry), await train(entry)]);
    assert.deepEqual(once, again);
    expect(once.losses).toHaveLength(STEPS);
    expect(once.losses.every(Number.isFinite)).toBe(true);
    assert.notDeepEqual(once.weights.get(1), once.weights.get(STEPS));
  });

  it('has a gradient for every weight that is trained, but for those it names', async () => {
    const { model, batch } = entry.make();
    const data = batch(0);
    const largest = await largestGradients(model, data);
    disposeBatch(data);
    model.dispose();
    const without = entry.withoutGradient ?? [];
    for (const [name, value] of Object.entries(largest)) {
      if (!without.includes(name)) expect([name, value > 1e-6]).toEqual([name, true]);
    }
  });

  it('names only weights that it has', () => {
    const { model } = entry.make();
    const names = Object.keys({ ...model.namedVariables(), ...model.namedBuffers?.() });
    expect(names).toEqual(expect.arrayContaining([...(entry.withoutGradient ?? [])]));
    model.dispose();
  });
});

/** Follows the weights half way. */
class HalfWay extends MovingAverage {
  override coefficients(): Record<string, number> {
    return { half: 0.5 };
  }

  override update(shadow: tf.Tensor, parameter: tf.Tensor, { half }: Readonly<Record<string, tf.Scalar>>): tf.Tensor {
    return tf.mul(tf.add(shadow, parameter), half!);
  }
}

function train(entry: ZooEntry): Promise<TrainedSteps> {
  return trainSteps(new EagerEngine(), entry, {
    optimizer: (parameters: ParameterSet) => new MomentumDescent({ lr: 0.01, momentum: 0.9 }, parameters),
    movingAverage: (parameters) => new HalfWay(parameters),
    steps: STEPS,
    readAfter: [1, STEPS],
  });
}

async function largestGradients(model: ModelLike, data: Batch): Promise<Record<string, number>> {
  const trained = Object.entries(model.namedVariables()).filter(([, { trainable }]) => trainable);
  const largest = tf.tidy(() => {
    const variables = trained.map(([, variable]) => variable);
    const { grads } = tf.variableGrads(() => model.forward(data, { training: true })['loss'] as tf.Scalar, variables);
    return trained.map(([name, variable]) => [name, tf.max(tf.abs(grads[variable.name]!))] as const);
  });
  const values = await Promise.all(largest.map(async ([name, value]) => [name, (await value.data())[0]!] as const));
  tf.dispose(largest.map(([, value]) => value));
  return Object.fromEntries(values);
}
