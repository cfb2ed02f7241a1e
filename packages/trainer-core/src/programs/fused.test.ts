import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { HalfAverage, lineBatches, LineModel, MomentumDescent } from '../__fixtures__/small-run.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import type { Program } from '../contracts/engine.js';
import { EagerEngine } from '../engine/eager-engine.js';
import { NamedState } from '../state/named-state.js';
import { ParameterSet } from '../state/parameters.js';
import { NoPrecision } from '../training/neutral.js';
import { gradientsProgram } from './gradients.js';
import { clampProgram, rescaleProgram } from './rescale.js';
import { sequence } from './sequence.js';
import { planUpdate } from './update.js';

/** A line whose forward pass counts its calls in a buffer. */
class CountingLine extends LineModel {
  readonly calls = tf.tidy(() => tf.variable(tf.scalar(0), false));

  override forward(batch: Batch, mode: { training: boolean }): Outputs {
    this.calls.assign(tf.add(this.calls, 1));
    return super.forward(batch, mode);
  }
}

interface Step {
  readonly state: NamedState;
  readonly programs: readonly Program[];
  readonly numbers: Readonly<Record<string, number>>;
}

/** The programs of step `number` of a model with dropout, momentum, average, buffer, norm and clipping. */
function makeStepper(outputsOf = (outputs: Outputs): Outputs => outputs): (number: number) => Step {
  const model = new CountingLine(0.3);
  const parameters = ParameterSet.of(model.namedVariables());
  const optimizer = new MomentumDescent({ lr: 0.05, momentum: 0.9 }, parameters);
  const movingAverage = new HalfAverage(parameters);
  const state = new NamedState();
  state.define('buffers/calls', model.calls);
  for (const parameter of parameters) {
    state.define(`parameters/${parameter.name}`, parameter.variable);
    state.define(`slots/${parameter.name}/velocity`, optimizer.state.slotsOf(parameter)['velocity']!);
    state.define(`averages/${parameter.name}`, movingAverage.shadows.get(parameter.name)!);
  }
  const gradients = gradientsProgram({
    outputs: (batch) => outputsOf(model.forward(batch, { training: true })),
    parameters: [...parameters],
    buffers: { calls: model.calls },
    precision: new NoPrecision(),
    clipping: 0.7,
  });
  return (batchNumTotal) => {
    const update = planUpdate({
      optimizer,
      parameters: [...parameters],
      movingAverage,
      batchNumTotal,
      buffers: ['calls'],
      guarded: false,
    });
    const { names } = parameters;
    return {
      state,
      programs: [gradients, rescaleProgram(names), clampProgram(names, 0.4), update.program],
      numbers: { groupSize: 1, lossScale: 1, maxNorm: 0.6, ...update.numbers },
    };
  };
}

const batches = lineBatches(4);
const engine = new EagerEngine();

function valuesOf(state: NamedState): Record<string, number[]> {
  const names = ['parameters', 'slots', 'averages', 'buffers'].flatMap((folder) =>
    state.variablesIn(folder).map((name) => `${folder}/${name}`),
  );
  return Object.fromEntries(names.map((name) => [name, [...state.get(name)!.dataSync()]]));
}

it('a step as one program equals the same step as four, in every bit of all state', async () => {
  const fused = makeStepper();
  const split = makeStepper();
  const before = valuesOf(fused(1).state);
  for (const [i, batch] of batches.entries()) {
    const random = { seed: 1, step: i + 1, microBatch: 0 };
    const one = fused(i + 1);
    tf.dispose((await engine.run(sequence(one.programs), one.state, { batch, numbers: one.numbers, random })).outputs);
    const four = split(i + 1);
    for (const program of four.programs) {
      tf.dispose((await engine.run(program, four.state, { batch, numbers: four.numbers, random })).outputs);
    }
    expect(valuesOf(one.state)).toEqual(valuesOf(four.state));
  }
  const after = valuesOf(fused(1).state);
  expect(after['buffers/calls']).toEqual([4]);
  for (const name of Object.keys(before)) expect(after[name]).not.toEqual(before[name]);
});

it('a fused step whose loss is NaN changes nothing', async () => {
  const { state, programs, numbers } = makeStepper((outputs) => ({
    ...outputs,
    loss: tf.mul(outputs['loss']!, Number.NaN),
  }))(1);
  const before = valuesOf(state);
  const request = { batch: batches[0]!, numbers, commitIf: 'not-nan' } as const;
  const { committed, outputs } = await engine.run(sequence(programs), state, request);
  tf.dispose(outputs);
  expect(committed).toBe(false);
  expect(valuesOf(state)).toEqual(before);
  expect(state.temporariesIn('gradients').size).toBe(0);
});
