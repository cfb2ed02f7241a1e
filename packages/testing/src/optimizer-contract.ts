import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import type { Hyperparameters, Optimizer, ParameterSet, StateDict, StateValue, TensorMap } from '@x/trainer-core';
import { cloneState, disposeState, mapTensors, StateError } from '@x/trainer-core';

import { ConvexProblem } from './convex-problem.js';
import { toHost } from './host-values.js';
import { leakFree } from './runner.js';
import type { TestRunner } from './runner.js';

/** An optimizer to be tested. */
export interface OptimizerSubject {
  readonly name: string;
  /**
   * Makes one for the parameters `weight` [2, 3], `bias` [3] and `unused` [2], with options that get the loss down: a sum
   * of quadratics with curvatures 1 to 3, whose minimum is about 1 away in every element.
   */
  readonly make: (parameters: ParameterSet) => Optimizer;
  /** The steps in which the loss must come below a twentieth of what it was. Default 400. */
  readonly steps?: number;
  /**
   * Whether it moves only the rows that a row-sparse gradient touches. Its steps are then given such gradients, which touch
   * every row of `weight` and `bias`. Default false.
   */
  readonly rowSparse?: boolean;
  /** A change of a group's options that shows in the next step. Default: `lr` is halved. */
  readonly change?: (options: Hyperparameters) => void;
}

interface Run {
  readonly problem: ConvexProblem;
  readonly optimizer: Optimizer;
  readonly rowSparse: boolean;
}

const halve = (options: Hyperparameters): void => {
  options['lr'] = Number(options['lr']) / 2;
};

/** What every optimizer must do: learn, leave alone what no gradient reaches, save and load its state exactly. */
export function optimizerContract(runner: TestRunner, subject: OptimizerSubject): void {
  const { name, make, steps = 400, rowSparse = false, change = halve } = subject;
  const { describe, it } = leakFree(runner);

  /** Runs with as many problems of their own, which are freed afterwards. */
  async function withRuns(count: number, run: (...runs: Run[]) => Promise<void>): Promise<void> {
    const runs = Array.from({ length: count }, () => {
      const problem = new ConvexProblem();
      return { problem, optimizer: make(problem.parameters), rowSparse };
    });
    try {
      await run(...runs);
    } finally {
      for (const { problem, optimizer } of runs) {
        optimizer.dispose();
        problem.dispose();
      }
    }
  }

  function changeAll({ optimizer }: Run): void {
    for (const { options } of optimizer.groups) change(options);
  }

  describe(`${name}: optimizer`, () => {
    it('converges on a small convex problem', () =>
      withRuns(1, async (run) => {
        const start = await run.problem.loss();
        step(run, steps);
        const end = await run.problem.loss();
        assert.ok(end < start / 20, `the loss was ${start} and is ${end} after ${steps} steps`);
      }));

    it('does the same steps again from the same start', () =>
      withRuns(2, async (one, other) => {
        step(one, 5);
        step(other, 5);
        assert.deepEqual(await one.problem.values(), await other.problem.values());
      }));

    it('leaves a parameter without a gradient alone, and makes no state for it', () =>
      withRuns(1, async (run) => {
        const { problem, optimizer } = run;
        const before = (await problem.values()) as StateDict;
        step(run, 2, ['weight']);
        const after = (await problem.values()) as StateDict;
        assert.deepEqual([after['unused'], after['bias']], [before['unused'], before['bias']]);
        assert.notDeepEqual(after['weight'], before['weight']);
        assert.deepEqual(Object.keys(optimizer.stateDict()['state'] as StateDict), ['weight']);
      }));

    it('leaves the state of a parameter alone in a step that does not reach it', () =>
      withRuns(1, async (run) => {
        const { problem, optimizer } = run;
        const biasOf = async (): Promise<unknown> => {
          const saved = optimizer.stateDict()['state'] as StateDict;
          return [((await problem.values()) as StateDict)['bias'], await toHost(saved['bias']!)];
        };
        step(run, 2);
        const before = await biasOf();
        step(run, 2, ['weight']);
        assert.deepEqual(await biasOf(), before);
      }));

    it('goes on from a saved state bit for bit, changed options included', () =>
      withRuns(2, async (saved, loaded) => {
        step(saved, 3);
        changeAll(saved);
        step(saved, 1);
        const state = cloneState(saved.optimizer.stateDict());
        loaded.problem.copy(saved.problem);
        loaded.optimizer.loadStateDict(state);
        disposeState(state);
        step(saved, 3);
        step(loaded, 3);
        assert.deepEqual(await loaded.problem.values(), await saved.problem.values());
        assert.deepEqual(await toHost(loaded.optimizer.stateDict()), await toHost(saved.optimizer.stateDict()));
      }));

    it('goes on from a state that went through JSON, tensors aside, and from its own', () =>
      withRuns(2, async (saved, loaded) => {
        step(saved, 3);
        const state = throughJson(saved.optimizer.stateDict());
        loaded.problem.copy(saved.problem);
        loaded.optimizer.loadStateDict(state);
        disposeState(state);
        saved.optimizer.loadStateDict(saved.optimizer.stateDict());
        step(saved, 2);
        step(loaded, 2);
        assert.deepEqual(await loaded.problem.values(), await saved.problem.values());
      }));

    it('refuses a state of other parameters, groups or shapes with a StateError, and is as it was', () =>
      withRuns(2, async (run, untouched) => {
        const { optimizer } = run;
        step(run, 2);
        step(untouched, 2);
        const optional = Object.keys(optimizer.optionalSlots([2, 3]));
        for (const [what, spoil] of Object.entries(spoiled)) {
          const state = spoil(optimizer.stateDict(), optional);
          if (state === null) continue;
          try {
            assert.throws(() => optimizer.loadStateDict(state), StateError, `a state with ${what}`);
          } finally {
            tf.dispose(tensorsBesides(state, optimizer.stateDict()));
          }
          assert.deepEqual(
            await toHost(optimizer.stateDict()),
            await toHost(untouched.optimizer.stateDict()),
            `what a state with ${what} left`,
          );
        }
        step(run, 2);
        step(untouched, 2);
        assert.deepEqual(await run.problem.values(), await untouched.problem.values());
      }));

    it('acts on changed options from the next step on', () =>
      withRuns(2, async (changed, unchanged) => {
        step(changed, 2);
        step(unchanged, 2);
        changeAll(changed);
        assert.deepEqual(await changed.problem.values(), await unchanged.problem.values());
        step(changed, 1);
        step(unchanged, 1);
        assert.notDeepEqual(await changed.problem.values(), await unchanged.problem.values());
      }));

    it('has a rule that is a function: the same in, the same out, and nothing is changed or disposed', () =>
      withRuns(1, async (run) => {
        const { problem, optimizer } = run;
        step(run, 1);
        const weight = problem.parameters.get('weight')!;
        const { options } = optimizer.groupOf(weight);
        const scalars = optimizer.state.scalarsOf(weight);
        const factors = (): unknown => optimizer.coefficients(options, 2, scalars);
        assert.deepEqual(factors(), factors());
        const next = (): unknown => optimizer.nextScalars(options, 2, scalars);
        assert.deepEqual(next(), next());
        const gradients = problem.gradients(['weight']);
        const seen = (): Promise<unknown> =>
          toHost({ gradients, slots: { ...optimizer.state.slotsOf(weight) }, parameter: weight.variable });
        const before = await seen();
        const [one, other] = [rule(run, weight.name, gradients), rule(run, weight.name, gradients)];
        assert.deepEqual(await toHost(one), await toHost(other));
        assert.deepEqual(await seen(), before);
        tf.dispose([one, other, gradients] as tf.TensorContainer);
      }));

    it('counts a step, and moves its host scalars on, when the step is committed and not before', () =>
      withRuns(1, async (run) => {
        const { problem, optimizer } = run;
        step(run, 1, ['weight']);
        const weight = problem.parameters.get('weight')!;
        const { options } = optimizer.groupOf(weight);
        const scalars = { ...optimizer.state.scalarsOf(weight) };
        const gradients = problem.gradients(['weight']);
        tf.dispose([rule(run, 'weight', gradients), gradients] as tf.TensorContainer);
        assert.deepEqual({ ...optimizer.state.scalarsOf(weight) }, scalars);
        assert.equal(optimizer.state.stepsOf(weight), 1);
        step(run, 1, ['weight']);
        assert.deepEqual({ ...optimizer.state.scalarsOf(weight) }, optimizer.nextScalars(options, 2, scalars));
        assert.equal(optimizer.state.stepsOf(weight), 2);
      }));

    it('loads a state with and without the slots that only some options call for', () =>
      withRuns(1, async (run) => {
        const { problem, optimizer } = run;
        step(run, 2);
        const saved = cloneState(optimizer.stateDict());
        const { state, groups } = saved as { state: Record<string, StateDict>; groups: StateValue };
        const { shape } = problem.parameters.get('weight')!;
        const { slots, ...rest } = state['weight']!;
        for (const [slot, initial] of Object.entries(optimizer.optionalSlots(shape))) {
          const { [slot]: _, ...without } = slots as StateDict;
          const value = tf.zeros([...(typeof initial === 'object' ? initial.shape : shape)]);
          for (const kept of [without, { ...without, [slot]: value }]) {
            const entry = cloneState({ ...rest, slots: kept });
            optimizer.loadStateDict({ state: { weight: entry }, groups });
            const { weight } = optimizer.stateDict()['state'] as Record<string, StateDict>;
            assert.deepEqual(await toHost(weight!['slots']!), await toHost(entry['slots']));
            disposeState(entry);
          }
          value.dispose();
        }
        disposeState(saved);
      }));

    if (rowSparse) {
      it('leaves the rows that a gradient does not touch, and their state, alone', () =>
        withRuns(2, async (some, all) => {
          for (const run of [some, all]) step(run, 2);
          const before = await rowsOf(some);
          const gradients = some.problem.gradients(['weight']);
          const touchedRows = masks(gradients, (row) => row === 0);
          const zeroed = tf.tidy(() => ({ weight: tf.mul(gradients['weight']!, touchedRows['weight']!) }));
          some.optimizer.step(zeroed, { touchedRows });
          tf.dispose([gradients, touchedRows, zeroed]);
          step(all, 1, ['weight']);
          const after = await rowsOf(some);
          assert.deepEqual(after.untouched, before.untouched);
          assert.deepEqual(after.touched, (await rowsOf(all)).touched);
          assert.notDeepEqual(after.touched, before.touched);
        }));
    }

    it('keeps no tensors of a step', () =>
      withRuns(1, async (run) => {
        step(run, 1);
        const before = tf.memory().numTensors;
        step(run, 5);
        assert.equal(tf.memory().numTensors, before);
      }));
  });
}

function step({ problem, optimizer, rowSparse }: Run, count: number, names?: readonly string[]): void {
  for (let i = 0; i < count; i++) {
    const gradients = problem.gradients(names);
    const touchedRows = rowSparse ? masks(gradients, () => true) : {};
    try {
      optimizer.step(gradients, { touchedRows });
    } finally {
      tf.dispose([gradients, touchedRows]);
    }
  }
}

/** Which rows of each gradient are touched. The caller disposes them. */
function masks(gradients: TensorMap, touches: (row: number) => boolean): TensorMap {
  const maskOf = ({ shape }: tf.Tensor): tf.Tensor =>
    tf.tensor(
      Array.from({ length: shape[0] }, (_, row) => (touches(row) ? 1 : 0)),
      shape.map((size, axis) => (axis === 0 ? size : 1)),
    );
  return Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [name, maskOf(gradient)]));
}

/** What the rule makes of a parameter in its second step. The caller disposes it. */
function rule({ optimizer, rowSparse }: Run, name: string, gradients: TensorMap): StateDict {
  const parameter = optimizer.groups.flatMap(({ parameters }) => parameters).find((each) => each.name === name)!;
  const { options } = optimizer.groupOf(parameter);
  const factors = Object.entries(optimizer.coefficients(options, 2, optimizer.state.scalarsOf(parameter)));
  return tf.tidy(() => {
    const coefficients = Object.fromEntries(
      factors.flatMap(([key, value]) => (value === undefined ? [] : [[key, tf.scalar(value)] as const])),
    );
    const slots = optimizer.state.slotsOf(parameter);
    const output = optimizer.update({
      gradient: gradients[name]!,
      parameter: parameter.variable,
      slots,
      coefficients,
      touchedRows: rowSparse ? masks(gradients, () => true)[name] : undefined,
    });
    // a rule may give back what it was given
    return {
      parameter: tf.clone(output.parameter),
      slots: Object.fromEntries(Object.entries(output.slots).map(([slot, value]) => [slot, tf.clone(value)])),
    };
  });
}

/** The first row, and the second one, of `weight` and of its slots of that shape. */
async function rowsOf({ problem, optimizer }: Run): Promise<{ touched: unknown; untouched: unknown }> {
  const weight = problem.parameters.get('weight')!;
  const all = [weight.variable, ...Object.values(optimizer.state.slotsOf(weight))];
  const tensors = all.filter(({ shape }) => shape.join() === weight.shape.join());
  const values = await Promise.all(tensors.map(async (tensor) => [...(await tensor.data())]));
  const width = weight.shape[1]!;
  return { touched: values.map((each) => each.slice(0, width)), untouched: values.map((each) => each.slice(width)) };
}

/** Saved states that do not belong to the optimizer, made of one that does; null where it has nothing to spoil. */
const spoiled: Readonly<Record<string, (state: StateDict, optional: readonly string[]) => StateDict | null>> = {
  'another parameter': (state) => renamed(state) as StateDict,
  'no groups': (state) => ({ ...state, groups: [] }),
  'a group more': (state) => {
    const groups = state['groups'] as readonly StateValue[];
    return { ...state, groups: [...groups, groups[0]!] };
  },
  'slots of another shape': (state) => {
    let found = false;
    const other = mapTensors(state, (tensor) => {
      found = true;
      return tf.zeros([...tensor.shape, 2]);
    }) as StateDict;
    return found ? other : null;
  },
  'slots of another type': (state) => {
    let found = false;
    const other = mapTensors(state, (tensor) => {
      found = true;
      return tf.zeros([...tensor.shape], tensor.dtype === 'int32' ? 'float32' : 'int32');
    }) as StateDict;
    return found ? other : null;
  },
  'a slot that is missing': (state, optional) =>
    changed(state, 'slots', (slots) => {
      const needed = slots.find(([name]) => !optional.includes(name));
      return slots.filter((slot) => slot !== needed);
    }),
  'a slot of another optimizer': (state) =>
    changed(state, 'slots', (slots) => [...slots, ['elsewhere', tf.zeros([2, 3])]]),
  'a host scalar that is missing': (state) => changed(state, 'scalars', ([, ...rest]) => rest),
  'a host scalar of another optimizer': (state) =>
    changed(state, 'scalars', (scalars) => [...scalars, ['elsewhere', 1]]),
  nothing: () => ({}),
};

type Entries = [string, StateValue][];

/** Changes what a state has of `weight`; null where that leaves it as it was. */
function changed(state: StateDict, part: 'slots' | 'scalars', change: (entries: Entries) => Entries): StateDict | null {
  const all = state['state'] as Record<string, StateDict>;
  const entries = Object.entries((all['weight']![part] ?? {}) as StateDict);
  const other = change(entries);
  if (other.length === entries.length) return null;
  return { ...state, state: { ...all, weight: { ...all['weight'], [part]: Object.fromEntries(other) } } };
}

/** A copy as a checkpoint gives it back: numbers and text from a file, tensors that the caller owns. */
function throughJson(state: StateDict): StateDict {
  const tensors: tf.Tensor[] = [];
  const text = JSON.stringify(mapTensors(state, (tensor) => ({ tensor: tensors.push(tf.clone(tensor)) })));
  return JSON.parse(text, (_, value: StateDict | null) => tensors[Number(value?.['tensor']) - 1] ?? value) as StateDict;
}

function renamed(value: StateValue): StateValue {
  const other = (text: string): string => (text === 'weight' ? 'elsewhere' : text);
  if (typeof value === 'string') return other(value);
  if (value instanceof tf.Tensor || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: StateValue) => renamed(item));
  return Object.fromEntries(Object.entries(value as StateDict).map(([key, item]) => [other(key), renamed(item)]));
}

function tensorsBesides(state: StateDict, own: StateDict): tf.Tensor[] {
  const tensorsOf = (value: StateDict): tf.Tensor[] => {
    const tensors: tf.Tensor[] = [];
    mapTensors(value, (tensor) => {
      tensors.push(tensor);
      return null;
    });
    return tensors;
  };
  const live = new Set(tensorsOf(own));
  return tensorsOf(state).filter((tensor) => !live.has(tensor));
}
