import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { Optimizer } from '../contracts/optimizer.js';
import type { Coefficients, Hyperparameters, RuleInput, RuleOutput } from '../contracts/optimizer.js';
import { StateError } from '../errors.js';
import type { HostScalars, InitialSlot } from './optimizer-state.js';
import { ParameterSet } from './parameters.js';
import type { StateDict } from './state-dict.js';

/** p = p - rate g, and the rate halves; slots of every kind, of which `velocity` is there with a momentum only. */
class Halving extends Optimizer {
  override initialSlots(options: Hyperparameters, shape: readonly number[]): Record<string, InitialSlot> {
    return {
      anchor: 'parameter',
      rows: { shape: shape.slice(0, 1), fill: 2 },
      ...(options['momentum'] === 0 ? {} : { velocity: 1 }),
    };
  }

  override optionalSlots(): Record<string, InitialSlot> {
    return { velocity: 1 };
  }

  override initialScalars(options: Hyperparameters): HostScalars {
    return { rate: options['lr'] as number };
  }

  override coefficients(_options: Hyperparameters, _step: number, { rate }: HostScalars): Coefficients {
    return { rate };
  }

  override nextScalars(_options: Hyperparameters, step: number, { rate }: HostScalars): HostScalars {
    return { rate: rate! / (step + 1) };
  }

  override update({ parameter, gradient, slots, coefficients: { rate } }: RuleInput): RuleOutput {
    return { parameter: tf.sub(parameter, tf.mul(gradient, rate!)), slots };
  }
}

interface Setup {
  readonly optimizer: Halving;
  readonly w: tf.Variable;
  step(): void;
  slots(): Record<string, number[]>;
}

function setUp(momentum = 0.5): Setup {
  const w = tf.tidy(() => tf.variable(tf.ones([2, 3])));
  const parameters = ParameterSet.of({ w });
  const optimizer = new Halving({ lr: 0.1, momentum }, parameters);
  return {
    optimizer,
    w,
    step: () => tf.tidy(() => optimizer.step({ w: tf.ones([2, 3]) })),
    slots: () =>
      Object.fromEntries(
        Object.entries(optimizer.state.slotsOf(parameters.get('w')!)).map(([name, slot]) => [
          name,
          [...slot.dataSync()],
        ]),
      ),
  };
}

it('a slot is filled in the shape of the parameter or in its own, or is a copy of the parameter at its first update', () => {
  const { w, step, slots } = setUp();
  w.assign(tf.fill([2, 3], 4));
  step();
  expect(slots()).toEqual({ anchor: Array(6).fill(4), rows: [2, 2], velocity: Array(6).fill(1) });
  expect(w.dataSync()[0]).toBeCloseTo(3.9, 6);
});

it('host scalars move on with each update, in float64', () => {
  const { w, optimizer, step } = setUp();
  expect(optimizer.stateDict()['state']).toEqual({});
  step();
  step();
  expect(optimizer.stateDict()['state']).toMatchObject({ w: { step: 2, scalars: { rate: 0.1 / 2 / 3 } } });
  expect(w.dataSync()[0]).toBeCloseTo(1 - 0.1 - 0.1 / 2, 6);
});

it('host scalars start from the options of the first update', () => {
  const { w, optimizer, step } = setUp();
  optimizer.groups[0]!.options['lr'] = 1;
  step();
  expect(w.dataSync()[0]).toBe(0);
});

it('a loaded state goes on bit for bit', () => {
  const [from, to] = [setUp(), setUp()];
  from.step();
  from.step();
  to.w.assign(from.w);
  to.optimizer.loadStateDict(from.optimizer.stateDict());
  from.step();
  to.step();
  expect(to.w.dataSync()).toEqual(from.w.dataSync());
  expect(to.slots()).toEqual(from.slots());
});

describe('an option that is switched off in mid-training', () => {
  it('hides its slot from the rule, keeps it, and goes on with it when it is switched on again', () => {
    const { optimizer, step, slots } = setUp();
    step();
    optimizer.groups[0]!.options['momentum'] = 0;
    expect(Object.keys(slots())).toEqual(['anchor', 'rows']);
    step();
    const resumed = setUp(0);
    resumed.optimizer.loadStateDict(optimizer.stateDict());
    expect(Object.keys(resumed.slots())).toEqual(['anchor', 'rows']);
    resumed.optimizer.groups[0]!.options['momentum'] = 0.5;
    expect(resumed.slots()).toMatchObject({ velocity: Array(6).fill(1) });
  });

  it('or switched on after the last update: the state loads without the slot', () => {
    const { optimizer, step } = setUp(0);
    step();
    optimizer.groups[0]!.options['momentum'] = 0.5;
    const resumed = setUp();
    resumed.optimizer.loadStateDict(optimizer.stateDict());
    expect(resumed.slots()).toMatchObject({ velocity: Array(6).fill(1) });
  });
});

describe('a state is refused, with what differs, and nothing is changed,', () => {
  const slots = { anchor: tf.zeros([2, 3]), rows: tf.zeros([2]) };
  it.each<[string, StateDict, RegExp]>([
    ['with a slot of another optimizer', { slots: { ...slots, mean: slots.anchor }, scalars: { rate: 1 } }, /mean/],
    [
      'without a slot',
      { slots: { rows: slots.rows }, scalars: { rate: 1 } },
      /needs \[anchor, rows\] and may have \[velocity\]/,
    ],
    [
      'with a slot of another shape',
      { slots: { ...slots, rows: tf.zeros([2, 3]) }, scalars: { rate: 1 } },
      /"rows".*\[2,3\].*\[2\]/,
    ],
    ['without scalars', { slots }, /the scalars \[\], this optimizer needs \[rate\]/],
    ['with other scalars', { slots, scalars: { rate: 1, mu: 1 } }, /\[mu, rate\]/],
    ['with a scalar that is no number', { slots, scalars: { rate: 'a' } }, /"rate" of kind number/],
  ])('%s', (_, entry, message) => {
    const { optimizer, step } = setUp();
    step();
    const tensors = tf.memory().numTensors;
    const saved = { state: { w: { step: 9, ...entry } }, groups: optimizer.stateDict()['groups']! };
    expect(() => optimizer.loadStateDict(saved)).toThrow(StateError);
    expect(() => optimizer.loadStateDict(saved)).toThrow(message);
    expect(optimizer.stateDict()['state']).toMatchObject({ w: { step: 1, scalars: { rate: 0.05 } } });
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
