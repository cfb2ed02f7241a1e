import * as tf from '@tensorflow/tfjs-core';

import type { TensorMap } from '../contracts/batch.js';
import type { Program, ProgramInputs, ProgramState } from '../contracts/engine.js';
import type { MovingAverage } from '../contracts/moving-average.js';
import { present } from '../contracts/optimizer.js';
import type { Optimizer } from '../contracts/optimizer.js';
import type { Parameter } from '../state/parameters.js';
import { stateNamesOf } from '../state/state-names.js';
import type { StateNames } from '../state/state-names.js';
import { finiteProgram } from './finite.js';
import type { Watched } from './finite.js';
import { gradientsOf } from './rescale.js';
import { sequence } from './sequence.js';
import { rowMaskShape } from './sparse-lookup.js';

export interface UpdateOptions {
  readonly optimizer: Optimizer;
  /** The parameters that get an update now: reached by a gradient in this step or in an earlier one, and not frozen. */
  readonly parameters: readonly Parameter[];
  readonly movingAverage: MovingAverage | null;
  /** The number of this step, 1 at the first. */
  readonly batchNumTotal: number;
  readonly buffers: readonly string[];
  /** Names of the parameters whose gradient, where this step brings none, is a zero that touches no row. */
  readonly rowSparse?: ReadonlySet<string>;
  /** Whether a gradient that is not finite shall leave everything as it was. */
  readonly guarded: boolean;
  /** What else must be finite, and is named where it is not: gradients before the update, weights after it. */
  readonly watched?: readonly Watched[];
}

/** How one parameter is updated: the name of its set of coefficients, and which slots it has. */
interface ParameterPlan {
  readonly name: string;
  readonly set: string;
  readonly slots: readonly string[];
  readonly rowSparse: boolean;
  readonly names: StateNames;
}

/**
 * Optimizer rule, moving average, buffers, accumulator cleared. A parameter that an earlier step reached and this one did
 * not gets a zero gradient, so that momentum, moments and weight decay go on, as in torch.
 *
 * @returns the program and its numbers: the coefficients of every (group, step count, host scalars), and of the average.
 */
export function planUpdate(options: UpdateOptions): { program: Program; numbers: Record<string, number> } {
  const { optimizer, parameters, movingAverage, batchNumTotal, buffers, guarded, rowSparse, watched = [] } = options;
  const { setOf, numbers } = coefficientSets(optimizer, parameters);
  const plan = parameters.map((parameter): ParameterPlan => ({
    name: parameter.name,
    set: setOf.get(parameter)!,
    slots: Object.keys(optimizer.state.slotsOf(parameter)),
    rowSparse: rowSparse?.has(parameter.name) === true,
    names: stateNamesOf(parameter),
  }));
  if (movingAverage !== null) {
    for (const [name, value] of present(movingAverage.coefficients(batchNumTotal))) numbers[`average.${name}`] = value;
  }
  const averaged = [...(movingAverage?.shadows.keys() ?? [])];

  const apply: Program = {
    name: 'update',
    get key() {
      // asked for in every step, and so not as JSON, which takes several times as long
      const updated = plan.map(({ name, set, slots, rowSparse: sparse }) => `${name}\t${set}\t${slots}\t${sparse}`);
      return [updated.join('\n'), Object.keys(numbers), averaged, buffers].join('\n\n');
    },
    guards: [],
    inPlace: !watched.includes('parameters'),
    run({ numbers: scalars }, state) {
      const coefficients = new Map([...new Set(setOf.values())].map((set) => [set, below(`${set}.`, scalars)]));
      for (const each of plan) updateOne(state, optimizer, each, coefficients.get(each.set)!);
      if (movingAverage !== null) {
        const coefficientsOfAverage = below('average.', scalars);
        const updated = new Map(plan.map((each) => [each.name, each]));
        for (const name of averaged) averageInto(state, movingAverage, name, coefficientsOfAverage, updated.get(name));
      }
      for (const name of buffers) commitBuffer(state, name);
      return {};
    },
  };
  const names = parameters.map(({ name }) => name);
  const finite = (each: Watched): Program[] => (watched.includes(each) ? [finiteProgram(each, names)] : []);
  const guard = guarded ? [guardProgram(names)] : [];
  return { program: sequence([...guard, ...finite('gradients'), apply, ...finite('parameters')]), numbers };
}

/** The coefficients of the next update, once for all parameters that have the same, named `set.coefficient`. */
function coefficientSets(
  optimizer: Optimizer,
  parameters: readonly Parameter[],
): { setOf: ReadonlyMap<Parameter, string>; numbers: Record<string, number> } {
  const numbers: Record<string, number> = {};
  const sets = new Map<string, string>();
  const setOf = new Map<Parameter, string>();
  for (const parameter of parameters) {
    const group = optimizer.groupOf(parameter);
    const step = optimizer.state.stepsOf(parameter) + 1;
    const scalars = optimizer.state.scalarsOf(parameter);
    const key = [optimizer.groups.indexOf(group), step, ...Object.values(scalars)].join();
    if (!sets.has(key)) {
      const set = `rule${sets.size}`;
      sets.set(key, set);
      const coefficients = optimizer.coefficients(group.options, step, scalars);
      for (const [name, value] of present(coefficients)) numbers[`${set}.${name}`] = value;
    }
    setOf.set(parameter, sets.get(key)!);
  }
  return { setOf, numbers };
}

function updateOne(
  state: ProgramState,
  optimizer: Optimizer,
  { slots, rowSparse, names }: ParameterPlan,
  coefficients: ProgramInputs['numbers'],
): void {
  tf.tidy(() => {
    const parameter = state.read(names.parameter)!;
    const reached = state.read(names.gradient);
    const output = optimizer.update({
      gradient: reached ?? tf.zerosLike(parameter),
      parameter,
      slots: readSlots(state, names, slots),
      coefficients,
      touchedRows:
        state.read(names.touchedRows) ?? (rowSparse && !reached ? tf.zeros(rowMaskShape(parameter.shape)) : undefined),
    });
    for (const slot of slots) state.write(names.slot(slot), output.slots[slot]!);
    state.write(names.parameter, output.parameter);
  });
  state.write(names.gradient, null);
  if (state.read(names.touchedRows) !== undefined) state.write(names.touchedRows, null);
}

/** The sum of all elements of all gradients: not finite if any of them is not. */
function guardProgram(parameters: readonly string[]): Program {
  return {
    name: 'guard',
    key: JSON.stringify(parameters),
    guards: ['gradientSum'],
    run(_, state) {
      const sums = gradientsOf(parameters, state).map(({ gradient }) => tf.sum(gradient));
      return { gradientSum: tf.addN([tf.scalar(0), ...sums]) };
    },
  };
}

function averageInto(
  state: ProgramState,
  movingAverage: MovingAverage,
  name: string,
  coefficients: ProgramInputs['numbers'],
  updated: ParameterPlan | undefined,
): void {
  tf.tidy(() => {
    const shadow = state.read(`averages/${name}`)!;
    const parameter = state.read(`parameters/${name}`)!;
    const slots = updated === undefined ? undefined : readSlots(state, updated.names, updated.slots);
    state.write(`averages/${name}`, movingAverage.update(shadow, parameter, coefficients, slots));
  });
}

function readSlots(state: ProgramState, names: StateNames, slots: readonly string[]): TensorMap {
  return Object.fromEntries(slots.map((slot) => [slot, state.read(names.slot(slot))!]));
}

function commitBuffer(state: ProgramState, name: string): void {
  const pending = state.read(`pending/${name}`);
  if (pending === undefined) return;
  state.write(`buffers/${name}`, pending);
  state.write(`pending/${name}`, null);
}

function below(prefix: string, numbers: ProgramInputs['numbers']): Record<string, tf.Scalar> {
  return Object.fromEntries(
    Object.entries(numbers)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}
