import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, ModelError, ParameterSet, StateError } from '@x/trainer-core';
import type { Optimizer } from '@x/trainer-core';

import { Adagrad, Adam, AdamW, AveragedSgd, DenseSparseAdam, NAdam, RmsProp, Rprop, Sgd, SparseAdam } from './index.js';

interface Setup {
  readonly optimizer: Optimizer;
  /** A step with that gradient of the single weight, which starts at 1; returns the weight after it. */
  step(gradient: number, touchedRows?: boolean): number;
  slot(name: string): number | undefined;
}

function setUp(make: (parameters: ParameterSet) => Optimizer): Setup {
  const w = tf.tidy(() => tf.variable(tf.tensor1d([1])));
  const optimizer = make(ParameterSet.of({ w }));
  return {
    optimizer,
    step(gradient, touchedRows = false) {
      tf.tidy(() =>
        optimizer.step({ w: tf.tensor1d([gradient]) }, touchedRows ? { touchedRows: { w: tf.tensor1d([1]) } } : {}),
      );
      return w.dataSync()[0]!;
    },
    slot: (name) => optimizer.state.slotsOf(optimizer.groups[0]!.parameters[0]!)[name]?.dataSync()[0],
  };
}

function expectSteps({ step }: Setup, rows: readonly (readonly [gradient: number, weight: number])[]): void {
  for (const [gradient, weight] of rows) expect(step(gradient)).toBeCloseTo(weight, 6);
}

it('rprop grows its steps while signs agree, within their limits, and stands still where a sign turns', () => {
  const run = setUp((parameters) => new Rprop({ lr: 0.1, etas: [0.5, 2], stepSizes: [0.1, 0.3] }, parameters));
  expectSteps(run, [
    [1, 0.9],
    [5, 0.7], // 0.2
    [1, 0.4], // 0.4, cut to 0.3
    [-1, 0.4], // turned: 0.15
    [-1, 0.55],
    [1, 0.55], // turned: 0.075, raised to 0.1
    [0, 0.55],
    [1, 0.45],
  ]);
});

describe('averaged_sgd', () => {
  it('averages the weights from step t0 on', () => {
    const run = setUp((parameters) => new AveragedSgd({ lr: 0.1, lambd: 0, t0: 1 }, parameters));
    expectSteps(run, [
      [1, 0.9],
      [1, 0.8],
      [1, 0.7],
    ]);
    expect(run.slot('ax')).toBeCloseTo(0.7, 6);
    run.step(1);
    expect(run.slot('ax')).toBeCloseTo(0.65, 6);
  });

  it('takes a changed learning rate one step late', () => {
    const run = setUp((parameters) => new AveragedSgd({ lr: 0.1, lambd: 0 }, parameters));
    run.step(1);
    run.optimizer.groups[0]!.options['lr'] = 0.2;
    expectSteps(run, [
      [1, 0.8],
      [1, 0.6],
    ]);
  });
});

it('a centered rmsprop stays finite where all gradients are the same', () => {
  const run = setUp((parameters) => new RmsProp({ lr: 0.1, alpha: 0, centered: true, eps: 1 }, parameters));
  // v - a^2 = 0
  expectSteps(run, [
    [0.1, 0.99],
    [0.7, 0.92],
    [1.1, 0.81],
  ]);
});

it('amsgrad that is switched off in mid-training keeps its maximum and goes on without it', () => {
  const amsgrad = setUp((parameters) => new Adam({ lr: 0.1, betas: [0.9, 0.5], amsgrad: true }, parameters));
  const adam = setUp((parameters) => new Adam({ lr: 0.1, betas: [0.9, 0.5] }, parameters));
  for (const gradient of [8, 1]) {
    amsgrad.step(gradient);
    adam.step(gradient);
  }
  const gap = amsgrad.step(0) - adam.step(0);
  expect(Math.abs(gap)).toBeGreaterThan(0.001);
  amsgrad.optimizer.groups[0]!.options['amsgrad'] = false;
  expect(amsgrad.step(3) - adam.step(3)).toBeCloseTo(gap, 6);
  const slots = (amsgrad.optimizer.state.stateDict() as { w: { slots: object } }).w.slots;
  expect(Object.keys(slots).sort()).toEqual(['expAvg', 'expAvgSq', 'maxExpAvgSq']);
});

describe('gradients of the other kind', () => {
  it('sparse_adam refuses a dense one, saying what to do, and nothing is changed', () => {
    const run = setUp((parameters) => new SparseAdam({}, parameters));
    const tensors = tf.memory().numTensors;
    expect(() => run.step(1)).toThrow(ModelError);
    expect(() => run.step(1)).toThrow(/sparseLookup.*dense_sparse_adam/);
    expect(tf.memory().numTensors).toBe(tensors + 2); // its slots
    expect(run.optimizer.stateDict()['state']).toEqual({});
  });

  it('adagrad refuses weight decay of a row-sparse one', () => {
    const run = setUp((parameters) => new Adagrad({ weightDecay: 0.1 }, parameters));
    run.step(1);
    expect(() => run.step(1, true)).toThrow(ConfigError);
  });

  it('dense_sparse_adam takes both', () => {
    const run = setUp((parameters) => new DenseSparseAdam({ lr: 0.1 }, parameters));
    expect(run.step(2)).toBeCloseTo(0.9, 6);
    expect(run.step(2, true)).toBeCloseTo(0.8, 6);
  });
});

describe('a state of another optimizer', () => {
  const state = setUp((parameters) => new Adam({}, parameters));
  state.step(1);

  it.each<[string, (parameters: ParameterSet) => Optimizer]>([
    ['adamw', (parameters) => new AdamW({}, parameters)],
    ['sgd', (parameters) => new Sgd({ lr: 1 }, parameters)],
    ['nadam', (parameters) => new NAdam({}, parameters)],
  ])('is refused by name: adam in %s', (name, make) => {
    const run = setUp(make);
    const before = run.step(1);
    expect(() => run.optimizer.loadStateDict(state.optimizer.stateDict())).toThrow(StateError);
    expect(() => run.optimizer.loadStateDict(state.optimizer.stateDict())).toThrow(
      `the saved state is that of the optimizer "adam", this one is "${name}"`,
    );
    const reference = setUp(make);
    expect(reference.step(1)).toBe(before);
    expect(run.step(0.5)).toBe(reference.step(0.5));
  });

  it('is refused by its slots where it was saved without a name', () => {
    const { optimizer: _, ...unnamed } = state.optimizer.stateDict();
    const { optimizer } = setUp((parameters) => new Sgd({ lr: 1, momentum: 0.5 }, parameters));
    expect(() => optimizer.loadStateDict(unnamed)).toThrow(
      /has the slots \[expAvg, expAvgSq\], this optimizer needs \[\] and may have \[momentumBuffer\]/,
    );
  });
});
