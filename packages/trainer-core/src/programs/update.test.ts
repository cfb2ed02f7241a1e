import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { HalfAverage, MomentumDescent } from '../__fixtures__/small-run.js';
import { MovingAverage } from '../contracts/moving-average.js';
import type { Coefficients } from '../contracts/optimizer.js';
import { EagerEngine } from '../engine/eager-engine.js';
import { NamedState } from '../state/named-state.js';
import { ParameterSet } from '../state/parameters.js';
import type { StateDict } from '../state/state-dict.js';
import { planUpdate } from './update.js';

interface Setup {
  readonly state: NamedState;
  readonly optimizer: MomentumDescent;
  /** Runs the update for those parameters, as the trainer does. */
  update(names: readonly string[], guarded?: boolean): Promise<boolean>;
}

/** Parameters a = 1 and b = 1, momentum 0.5, learning rates 1 (a) and 0.1 (b), an average and a buffer. */
function setUp(average: new (parameters: ParameterSet) => MovingAverage = HalfAverage): Setup {
  const parameters = ParameterSet.of(
    tf.tidy(() => ({ a: tf.variable(tf.tensor1d([1])), b: tf.variable(tf.tensor1d([1])) })),
  );
  const optimizer = new MomentumDescent({ lr: 1, momentum: 0.5, parameterGroups: [[['b'], { lr: 0.1 }]] }, parameters);
  const movingAverage = new average(parameters);
  const state = new NamedState();
  state.define(
    'buffers/m',
    tf.tidy(() => tf.variable(tf.scalar(0), false)),
  );
  for (const parameter of parameters) {
    state.define(`parameters/${parameter.name}`, parameter.variable);
    state.define(`slots/${parameter.name}/velocity`, optimizer.state.slotsOf(parameter)['velocity']!);
    state.define(`averages/${parameter.name}`, movingAverage.shadows.get(parameter.name)!);
  }
  return {
    state,
    optimizer,
    async update(names, guarded = false) {
      const updated = names.map((name) => parameters.get(name)!);
      const { program, numbers } = planUpdate({
        optimizer,
        parameters: updated,
        movingAverage,
        batchNumTotal: 1,
        buffers: ['m'],
        guarded,
      });
      const request = { numbers, commitIf: guarded ? 'finite' : 'always' } as const;
      const { outputs, committed } = await new EagerEngine().run(program, state, request);
      tf.dispose(outputs);
      if (committed) for (const parameter of updated) optimizer.state.advance(parameter);
      return committed;
    },
  };
}

function set(state: NamedState, values: Readonly<Record<string, number>>): void {
  tf.tidy(() => {
    for (const [name, value] of Object.entries(values)) {
      state.set(name, name.startsWith('pending') ? tf.scalar(value) : tf.tensor1d([value]));
    }
  });
}

const read = (state: NamedState, name: string): number | undefined => state.get(name)?.dataSync()[0];

it('applies the rule with the options of each group, moves the average, takes the buffer and clears', async () => {
  const { state, update } = setUp();
  set(state, { 'gradients/a': 0.5, 'gradients/b': 0.5, 'pending/m': 7 });
  await update(['a', 'b']);
  expect(read(state, 'parameters/a')).toBe(0.5);
  expect(read(state, 'parameters/b')).toBeCloseTo(0.95, 6);
  expect(read(state, 'slots/a/velocity')).toBe(0.5);
  expect(read(state, 'averages/a')).toBe(0.75);
  expect(read(state, 'buffers/m')).toBe(7);
  for (const name of ['gradients/a', 'gradients/b', 'pending/m']) expect(state.get(name)).toBeUndefined();
});

it('a parameter without a gradient in this step gets a zero gradient: its momentum goes on', async () => {
  const { state, update } = setUp();
  set(state, { 'gradients/a': 0.5, 'gradients/b': 0 });
  await update(['a', 'b']);
  set(state, { 'gradients/b': 0 });
  await update(['a', 'b']);
  expect(read(state, 'slots/a/velocity')).toBe(0.25);
  expect(read(state, 'parameters/a')).toBe(0.25);
});

it('a parameter that is not updated keeps value and slots, also where a gradient is there', async () => {
  const { state, optimizer, update } = setUp();
  set(state, { 'gradients/a': 0.5, 'gradients/b': 0.5 });
  await update(['a']);
  expect(read(state, 'parameters/b')).toBe(1);
  expect(read(state, 'slots/b/velocity')).toBe(0);
  expect(optimizer.groups.flatMap(({ parameters }) => parameters).map((p) => optimizer.state.stepsOf(p))).toEqual([
    0, 1,
  ]);
});

it('an average sees what the optimizer keeps of a parameter after its update, nothing without one', async () => {
  class AverageOfSlots extends MovingAverage {
    override coefficients(): Coefficients {
      return {};
    }

    override update(...[shadow, , , slots]: Parameters<MovingAverage['update']>): tf.Tensor {
      return slots === undefined ? tf.mul(shadow, 3) : slots['velocity']!;
    }
  }
  const { state, update } = setUp(AverageOfSlots);
  set(state, { 'gradients/a': 0.5 });
  await update(['a']);
  expect(read(state, 'averages/a')).toBe(0.5);
  expect(read(state, 'averages/b')).toBe(3);
});

it.each([Number.NaN, Number.POSITIVE_INFINITY])('under a guard a gradient of %d changes nothing', async (gradient) => {
  const { state, update } = setUp();
  set(state, { 'gradients/a': gradient, 'gradients/b': 1, 'pending/m': 7 });
  expect(await update(['a', 'b'], true)).toBe(false);
  expect(read(state, 'parameters/b')).toBe(1);
  expect(read(state, 'averages/b')).toBe(1);
  expect(read(state, 'buffers/m')).toBe(0);
  set(state, { 'gradients/a': 0.5 });
  expect(await update(['a', 'b'], true)).toBe(true);
});

it('parameters of one group and step count whose host scalars differ get coefficients of their own', async () => {
  class Slowing extends MomentumDescent {
    override initialScalars(): Record<string, number> {
      return { rate: 1 };
    }

    override coefficients(_: object, __?: number, scalars?: Readonly<Record<string, number>>): Coefficients {
      return { lr: scalars!['rate']!, momentum: 0 };
    }
  }
  const variables = tf.tidy(() => ({ a: tf.variable(tf.scalar(1)), b: tf.variable(tf.scalar(1)) }));
  const optimizer = new Slowing({}, ParameterSet.of(variables));
  const saved = (rate: number): StateDict => ({ step: 3, slots: { velocity: tf.scalar(0) }, scalars: { rate } });
  optimizer.loadStateDict({
    state: { a: saved(1), b: saved(0.5) },
    groups: optimizer.groups.map((group) => group.stateDict()),
  });
  const { numbers } = planUpdate({
    optimizer,
    parameters: [...optimizer.groups[0]!.parameters],
    movingAverage: null,
    batchNumTotal: 4,
    buffers: [],
    guarded: false,
  });
  expect(numbers).toEqual({ 'rule0.lr': 1, 'rule0.momentum': 0, 'rule1.lr': 0.5, 'rule1.momentum': 0 });
});

it('holds no second copy of the state: parameters x (1 + 1 gradient + slots + 1 average), and 10 %', async () => {
  const count = 40;
  const names = Array.from({ length: count }, (_, i) => `w${i}`);
  const parameters = ParameterSet.of(
    tf.tidy(() => Object.fromEntries(names.map((name) => [name, tf.variable(tf.ones([50, 50]))]))),
  );
  const optimizer = new MomentumDescent({ lr: 1, momentum: 0.5 }, parameters);
  const movingAverage = new HalfAverage(parameters);
  const state = new NamedState();
  for (const { name, variable } of parameters) {
    state.define(`parameters/${name}`, variable);
    state.define(`averages/${name}`, movingAverage.shadows.get(name)!);
    tf.tidy(() => state.set(`gradients/${name}`, tf.ones([50, 50])));
  }
  for (const parameter of parameters) {
    state.define(`slots/${parameter.name}/velocity`, optimizer.state.slotsOf(parameter)['velocity']!);
  }
  const before = tf.memory().numBytes;
  const options = {
    optimizer,
    parameters: [...parameters],
    movingAverage,
    batchNumTotal: 1,
    buffers: [],
    guarded: true,
  };
  const { program, numbers } = planUpdate(options);
  const { peakBytes } = await tf.profile(async () => {
    tf.dispose((await new EagerEngine().run(program, state, { numbers, commitIf: 'finite' })).outputs);
  });
  const bound = count * 50 * 50 * 4 * (1 + 1 + 1 + 1);
  expect(Math.max(before, peakBytes) - (before - bound)).toBeLessThan(1.1 * bound);
});
