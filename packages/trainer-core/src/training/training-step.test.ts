import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { MomentumDescent } from '../__fixtures__/small-run.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import { EagerEngine } from '../engine/eager-engine.js';
import { NonFiniteError } from '../errors.js';
import { ParameterSet } from '../state/parameters.js';
import { NoPrecision, SingleProcess } from './neutral.js';
import { TrainingStep } from './training-step.js';
import type { StepResult, StepWatcher } from './training-step.js';

/** Skips steps whose gradients are not finite, and notes what it is told. */
class Skips extends NoPrecision {
  override readonly skipsNonFinite = true;
  readonly told: boolean[] = [];

  override stepFinished(committed?: boolean): void {
    this.told.push(committed!);
  }
}

interface Towers {
  readonly parameters: ParameterSet;
  readonly optimizer: MomentumDescent;
  readonly step: TrainingStep;
  /** One step on a group of micro-batches `[tower, slope]`, whose loss is tower x slope. */
  run(...group: (readonly [tower: string, slope: number])[]): Promise<StepResult>;
  values(): number[];
}

/**
 * Weights a, b and c, all 1, of which a batch uses one; lr 1 or as scheduled by the number of the step, momentum 0.5; a
 * buffer counts the forward passes.
 */
function towers(
  precision = new NoPrecision(),
  watches = false,
  lr = (_step: number): number => 1,
): Towers & { calls: tf.Variable } {
  const variables = tf.tidy(() => ({
    a: tf.variable(tf.scalar(1)),
    b: tf.variable(tf.scalar(1)),
    c: tf.variable(tf.scalar(1)),
  }));
  const calls = tf.tidy(() => tf.variable(tf.scalar(0), false));
  const parameters = ParameterSet.of(variables);
  const optimizer = new MomentumDescent({ lr: 1, momentum: 0.5 }, parameters);
  const step = new TrainingStep({
    engine: new EagerEngine(),
    communicator: new SingleProcess(),
    precision,
    optimizer,
    movingAverage: null,
    parameters,
    buffers: { calls },
    limits: { gradNorm: null, gradClipping: null, gradClippingAt: 'microBatch' },
    seed: 1,
    outputs: ({ tower, slope }: Batch): Outputs => {
      calls.assign(tf.add(calls, 1));
      return { loss: tf.mul(variables[tower as 'a'], slope as number) };
    },
  });
  const watcher: StepWatcher = {
    watches,
    microBatchEnded: async () => undefined,
    rescale: () => step.rescaleGradients(),
    gradientsReady: async () => undefined,
    schedule: (step) => {
      for (const { options } of optimizer.groups) options['lr'] = lr(step);
    },
  };
  let number = 0;
  return {
    parameters,
    optimizer,
    step,
    calls,
    async run(...group) {
      number += 1;
      const batches = group.map(([tower, slope]) => ({ tower, slope }));
      const result = await step.run(batches, number, watcher, { gradients: false, parametersBefore: false });
      tf.dispose(result.outputs as Outputs[]);
      return result;
    },
    values: () => Object.values(variables).map((variable) => variable.dataSync()[0]!),
  };
}

describe('parameters that a step does not reach', () => {
  it('stay as they are, with their state, until a gradient reached them; from then on momentum carries them', async () => {
    const { run, values, optimizer, parameters } = towers();
    await run(['a', 1]);
    expect(values()).toEqual([0, 1, 1]);
    await run(['b', 1]); // velocity of a: 0.5
    expect(values()).toEqual([-0.5, 0, 1]);
    await run(['b', 1]); // velocity of a: 0.25, of b: 1.5
    expect(values()).toEqual([-0.75, -1.5, 1]);
    expect([...parameters].map((parameter) => optimizer.state.stepsOf(parameter))).toEqual([3, 2, 0]);
    expect(Object.keys(optimizer.state.stateDict())).toEqual(['a', 'b']);
  });

  it('are remembered in the saved state', async () => {
    const before = towers();
    await before.run(['a', 1]);
    const after = towers();
    after.step.loadStateDict(before.step.stateDict());
    after.optimizer.loadStateDict(before.optimizer.stateDict());
    await after.run(['b', 1]);
    expect(after.values()).toEqual([0.5, 0, 1]);
  });

  it('a frozen parameter stands still with its velocity, and goes on with it when it is trained again', async () => {
    const { run, values, parameters } = towers();
    await run(['a', 1], ['b', 0]);
    parameters.get('a')!.trainable = false;
    await run(['b', 1]);
    expect(values()[0]).toBe(0.5);
    parameters.get('a')!.trainable = true;
    await run(['b', 1]); // the velocity was 0.5
    expect(values()[0]).toBe(0.25);
  });
});

describe('a loss that is NaN', () => {
  it.each([
    ['in the first step', 0, [['a', Number.NaN]]],
    ['in a fused step', 1, [['a', Number.NaN]]],
    [
      'in the second micro-batch of a group',
      1,
      [
        ['a', 1],
        ['a', Number.NaN],
      ],
    ],
  ] as const)('%s applies nothing: no weight, no slot, no count, no buffer', async (_, stepsBefore, group) => {
    const { run, values, calls, optimizer, parameters, step } = towers();
    for (const { name } of parameters) if (name !== 'a') parameters.freeze([name]);
    for (let i = 0; i < stepsBefore; i++) await run(['a', 1]);
    const weights = values();
    const tensors = tf.memory().numTensors;
    await expect(run(...group)).rejects.toBeInstanceOf(NonFiniteError);
    expect(values()).toEqual(weights);
    expect(calls.dataSync()[0]).toBe(stepsBefore);
    expect(optimizer.state.stepsOf(parameters.get('a')!)).toBe(stepsBefore);
    expect(step.state.temporariesIn('gradients').size).toBe(0);
    expect(tf.memory().numTensors).toBe(tensors);
    await run(['a', 0]);
    expect(calls.dataSync()[0]).toBe(stepsBefore + 1);
  });
});

it.each([
  ['in a fused step', false],
  ['in separate programs', true],
])('a loss that is NaN %s leaves the hyperparameters of the step before', async (_, watches) => {
  const { run, optimizer, parameters } = towers(new NoPrecision(), watches, (step) => step / 10);
  parameters.freeze(['b', 'c']);
  await run(['a', 1]);
  await expect(run(['a', Number.NaN])).rejects.toBeInstanceOf(NonFiniteError);
  expect(optimizer.groups[0]!.options['lr']).toBe(0.1);
});

it('an infinite loss is a step like any other', async () => {
  const { run, values } = towers();
  await run(['a', Number.POSITIVE_INFINITY]);
  expect(values()[0]).toBe(Number.NEGATIVE_INFINITY);
});

it.each([
  ['separate programs', true],
  ['one program', false],
])('a precision that skips non-finite gradients is told, and nothing of the step is kept (%s)', async (_, watches) => {
  const precision = new Skips();
  const { run, values, calls, optimizer, parameters } = towers(precision, watches);
  parameters.freeze(['b', 'c']);
  await run(['a', 0.5]);
  expect((await run(['a', Number.POSITIVE_INFINITY])).committed).toBe(false);
  expect(values()[0]).toBe(0.5);
  expect(calls.dataSync()[0]).toBe(1);
  expect(optimizer.state.stepsOf(parameters.get('a')!)).toBe(1);
  await run(['a', 0.25]); // velocity 0.5 / 2 + 0.25
  expect(values()[0]).toBe(0);
  expect(precision.told).toEqual([true, false, true]);
});

it('gives the mean loss of its micro-batches', async () => {
  const { run } = towers();
  expect((await run(['a', 2], ['b', 4])).loss).toBe(3);
});
