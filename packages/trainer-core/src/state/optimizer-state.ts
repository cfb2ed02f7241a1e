import * as tf from '@tensorflow/tfjs-core';

import { StateError } from '../errors.js';
import type { ParameterGroup } from './parameter-groups.js';
import type { Parameter } from './parameters.js';
import type { StateDict, StateValue } from './state-dict.js';
import { misfit, readState } from './state-dict.js';

/**
 * What a slot holds at first: a number that fills the parameter's shape, a copy of the parameter at its first update, or
 * a number that fills a shape of its own.
 */
export type InitialSlot = number | 'parameter' | { readonly shape: readonly number[]; readonly fill: number };

/** Numbers that an optimizer keeps per parameter on the host, in float64. */
export type HostScalars = Readonly<Record<string, number>>;

/** What the state has to know of an optimizer; the methods are those of `Optimizer`. */
export interface StateRule {
  initialSlots(
    options: Readonly<Record<string, unknown>>,
    shape: readonly number[],
  ): Readonly<Record<string, InitialSlot>>;
  optionalSlots(shape: readonly number[]): Readonly<Record<string, InitialSlot>>;
  initialScalars(options: Readonly<Record<string, unknown>>): HostScalars;
  nextScalars(options: Readonly<Record<string, unknown>>, step: number, scalars: HostScalars): HostScalars;
  groupOf(parameter: Parameter): ParameterGroup;
}

type Slots = Readonly<Record<string, tf.Variable>>;

/** What is wrong with a state, to be said all together. */
class Problems {
  private readonly messages: string[] = [];

  add(message: string): [] {
    this.messages.push(message);
    return [];
  }

  of<T>(check: () => T): T | undefined {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      this.messages.push(error.message);
      return undefined;
    }
  }

  throwAny(): void {
    if (this.messages.length > 0) throw new StateError('X_STATE_MISMATCH', this.messages.join('; '));
  }
}

/** What one parameter brings to a load: checked, and not taken yet. */
interface Checked {
  readonly parameter: Parameter;
  readonly step: number;
  readonly scalars: HostScalars;
  readonly slots: readonly (readonly [name: string, value: tf.Tensor])[];
}

/** The slots, host scalars and step counts of an optimizer, by parameter name. A parameter has none until its first update. */
export class OptimizerState {
  private readonly slots = new Map<string, Slots>();
  private readonly scalars = new Map<string, HostScalars>();
  private readonly steps = new Map<string, number>();

  constructor(private readonly rule: StateRule) {}

  /**
   * The slots that the options of now call for, made on first use. One that an earlier value of an option called for is
   * kept and saved, but not among them.
   */
  slotsOf(parameter: Parameter): Slots {
    const initial = this.rule.initialSlots(this.rule.groupOf(parameter).options, parameter.shape);
    const needed = Object.keys(initial);
    const existing = this.slots.get(parameter.name) ?? {};
    const missing = needed.filter((name) => !(name in existing));
    const all =
      missing.length === 0
        ? existing
        : { ...existing, ...Object.fromEntries(missing.map((name) => [name, makeSlot(parameter, initial[name]!)])) };
    this.slots.set(parameter.name, all);
    const isAll = needed.length === Object.keys(all).length;
    return isAll ? all : Object.fromEntries(needed.map((name) => [name, all[name]!]));
  }

  /** The host scalars of a parameter as its next update sees them. */
  scalarsOf(parameter: Parameter): HostScalars {
    return this.scalars.get(parameter.name) ?? this.rule.initialScalars(this.rule.groupOf(parameter).options);
  }

  /** How many updates a parameter has had. */
  stepsOf(parameter: Parameter): number {
    return this.steps.get(parameter.name) ?? 0;
  }

  /** Counts an update that was committed, and moves the host scalars on. */
  advance(parameter: Parameter): void {
    const step = this.stepsOf(parameter) + 1;
    const { options } = this.rule.groupOf(parameter);
    this.scalars.set(parameter.name, this.rule.nextScalars(options, step, this.scalarsOf(parameter)));
    this.steps.set(parameter.name, step);
  }

  stateDict(): StateDict {
    return Object.fromEntries(
      [...this.steps].map(([name, step]) => {
        const scalars = this.scalars.get(name) ?? {};
        const slots = { ...this.slots.get(name) };
        return [name, { step, slots, ...(Object.keys(scalars).length > 0 ? { scalars: { ...scalars } } : {}) }];
      }),
    );
  }

  /** Loads `{ state, groups }` as an optimizer saves it; all of it is checked before any of it is taken. */
  loadOptimizerState(saved: StateDict, groups: readonly ParameterGroup[]): void {
    const savedGroups = objectsOf(readState(saved, 'groups', 'array'));
    if (savedGroups.length !== groups.length) {
      throw new StateError(
        'X_STATE_MISMATCH',
        `the saved optimizer has ${savedGroups.length} parameter groups, this one has ${groups.length}`,
      );
    }
    const problems = new Problems();
    groups.forEach((group, i) => problems.of(() => group.checkStateDict(savedGroups[i]!, i)));
    const state = readState(saved, 'state', 'object');
    const known = new Map(
      groups.flatMap(({ parameters }, i) => {
        const options = readState(savedGroups[i]!, 'options', 'object');
        return parameters.map((parameter) => [parameter.name, { parameter, options }] as const);
      }),
    );
    const checked = Object.keys(state).flatMap((name) => {
      const target = known.get(name);
      if (target === undefined)
        return problems.add(`the saved optimizer state has "${name}", which is not trained here`);
      return problems.of(() => [this.check(target.parameter, target.options, readState(state, name, 'object'))]) ?? [];
    });
    problems.throwAny();
    // made first: the state may be this optimizer's own
    const taken = checked.map(({ slots, ...rest }) => ({ ...rest, slots: copySlots(slots) }));
    this.dispose();
    groups.forEach((group, i) => group.loadOptions(savedGroups[i]!));
    for (const { parameter, step, scalars, slots } of taken) {
      this.steps.set(parameter.name, step);
      this.scalars.set(parameter.name, scalars);
      this.slots.set(parameter.name, slots);
    }
  }

  /** Frees the slots and forgets scalars and counts. */
  dispose(): void {
    for (const slots of this.slots.values()) tf.dispose({ ...slots });
    this.slots.clear();
    this.scalars.clear();
    this.steps.clear();
  }

  private check(parameter: Parameter, options: StateDict, entry: StateDict): Checked {
    return {
      parameter,
      step: readState(entry, 'step', 'number'),
      scalars: this.checkScalars(parameter, options, 'scalars' in entry ? readState(entry, 'scalars', 'object') : {}),
      slots: this.checkSlots(parameter, options, readState(entry, 'slots', 'object')),
    };
  }

  private checkScalars(parameter: Parameter, options: StateDict, saved: StateDict): HostScalars {
    const needed = Object.keys(this.rule.initialScalars(options)).sort();
    const found = Object.keys(saved).sort();
    if (needed.join() !== found.join()) {
      throw new StateError(
        'X_STATE_MISMATCH',
        `the saved state of "${parameter.name}" has the scalars [${found.join(', ')}], this optimizer needs ` +
          `[${needed.join(', ')}]; it belongs to another optimizer`,
      );
    }
    return Object.fromEntries(needed.map((name) => [name, readState(saved, name, 'number')]));
  }

  /** A slot that only some options call for may be there or not, whatever the options were when the state was saved. */
  private checkSlots(parameter: Parameter, options: StateDict, saved: StateDict): Checked['slots'] {
    const optional = this.rule.optionalSlots(parameter.shape);
    const known = { ...optional, ...this.rule.initialSlots(options, parameter.shape) };
    const needed = Object.keys(known).filter((name) => !(name in optional));
    const found = Object.keys(saved).sort();
    if (needed.some((name) => !(name in saved)) || found.some((name) => !(name in known))) {
      const more = Object.keys(optional).sort();
      throw new StateError(
        'X_STATE_MISMATCH',
        `the saved state of "${parameter.name}" has the slots [${found.join(', ')}], this optimizer needs ` +
          `[${needed.sort().join(', ')}]${more.length > 0 ? ` and may have [${more.join(', ')}]` : ''}; ` +
          'it belongs to another optimizer or to other options',
      );
    }
    return found.map((name) => {
      const tensor = readState(saved, name, 'tensor');
      const difference = misfit(tensor, { shape: slotShape(parameter, known[name]!), dtype: 'float32' });
      if (difference !== null) {
        throw new StateError('X_STATE_MISMATCH', `the saved slot "${name}" of "${parameter.name}" ${difference}`);
      }
      return [name, tensor];
    });
  }
}

function makeSlot(parameter: Parameter, initial: InitialSlot): tf.Variable {
  return tf.tidy(() => {
    if (initial === 'parameter') return tf.variable(tf.clone(parameter.variable as tf.Tensor), false);
    const fill = typeof initial === 'number' ? initial : initial.fill;
    return tf.variable(tf.fill([...slotShape(parameter, initial)], fill), false);
  });
}

/** The shape of a slot that holds this at first. */
export function slotShape(parameter: Parameter, initial: InitialSlot): readonly number[] {
  return typeof initial === 'object' ? initial.shape : parameter.shape;
}

function copySlots(slots: Checked['slots']): Slots {
  return tf.tidy(() => Object.fromEntries(slots.map(([name, value]) => [name, tf.variable(tf.clone(value), false)])));
}

function objectsOf(groups: readonly StateValue[]): readonly StateDict[] {
  return groups.map((group, i) => readState({ [`groups.${i}`]: group }, `groups.${i}`, 'object'));
}
