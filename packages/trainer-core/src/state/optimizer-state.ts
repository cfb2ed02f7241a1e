import * as tf from '@tensorflow/tfjs-core';

import { StateError } from '../errors.js';
import type { ParameterGroup } from './parameter-groups.js';
import type { Parameter } from './parameters.js';
import type { StateDict, StateValue } from './state-dict.js';
import { readState } from './state-dict.js';

type Slots = Readonly<Record<string, tf.Variable>>;

/** The slots and step counts of an optimizer, by parameter name. A parameter has none until its first update. */
export class OptimizerState {
  private readonly slots = new Map<string, Slots>();
  private readonly steps = new Map<string, number>();

  /** @param initialSlots the slots of a parameter and what fills them at first, under its own or under given options. */
  constructor(
    private readonly initialSlots: (
      parameter: Parameter,
      options?: Readonly<Record<string, unknown>>,
    ) => Readonly<Record<string, number>>,
  ) {}

  /** The slots of a parameter, made on first use: also one that a changed option calls for. They have its shape. */
  slotsOf(parameter: Parameter): Slots {
    const existing = this.slots.get(parameter.name) ?? {};
    const missing = Object.entries(this.initialSlots(parameter)).filter(([name]) => !(name in existing));
    if (missing.length === 0) return existing;
    const { shape } = parameter.variable;
    const made = missing.map(
      ([name, fill]) => [name, tf.tidy(() => tf.variable(tf.fill(shape, fill), false))] as const,
    );
    const all = { ...existing, ...Object.fromEntries(made) };
    this.slots.set(parameter.name, all);
    return all;
  }

  /** How many updates a parameter has had. */
  stepsOf(parameter: Parameter): number {
    return this.steps.get(parameter.name) ?? 0;
  }

  /** Counts an update. */
  advance(parameter: Parameter): void {
    this.steps.set(parameter.name, this.stepsOf(parameter) + 1);
  }

  stateDict(): StateDict {
    return Object.fromEntries(
      [...this.steps].map(([name, step]) => [name, { step, slots: { ...this.slots.get(name) } }]),
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
    groups.forEach((group, i) => group.checkStateDict(savedGroups[i]!, i));
    const state = readState(saved, 'state', 'object');
    const known = new Map(
      groups.flatMap(({ parameters }, i) => {
        const options = readState(savedGroups[i]!, 'options', 'object');
        return parameters.map((parameter) => [parameter.name, { parameter, options }] as const);
      }),
    );
    const checked = Object.keys(state).map((name) => {
      const target = known.get(name);
      if (target === undefined) {
        throw new StateError('X_STATE_MISMATCH', `the saved optimizer state has "${name}", which is not trained here`);
      }
      const entry = readState(state, name, 'object');
      const step = readState(entry, 'step', 'number');
      const { parameter, options } = target;
      return { parameter, step, tensors: this.checkSlots(parameter, options, readState(entry, 'slots', 'object')) };
    });
    tf.tidy(() => {
      // cloned first: the state may be this optimizer's own
      const taken = checked.map(({ tensors, ...rest }) => ({
        ...rest,
        tensors: tensors.map(([name, tensor]) => [name, tf.clone(tensor)] as const),
      }));
      this.dispose();
      groups.forEach((group, i) => group.loadOptions(savedGroups[i]!));
      for (const { parameter, step, tensors } of taken) {
        this.steps.set(parameter.name, step);
        const slots = this.slotsOf(parameter);
        for (const [name, tensor] of tensors) slots[name]!.assign(tensor);
      }
    });
  }

  /** Frees the slots and forgets the counts. */
  dispose(): void {
    for (const slots of this.slots.values()) tf.dispose({ ...slots });
    this.slots.clear();
    this.steps.clear();
  }

  private checkSlots(parameter: Parameter, options: StateDict, saved: StateDict): [string, tf.Tensor][] {
    const expected = Object.keys(this.initialSlots(parameter, options)).sort();
    const found = Object.keys(saved).sort();
    if (expected.join() !== found.join()) {
      throw new StateError(
        'X_STATE_MISMATCH',
        `the saved state of "${parameter.name}" has the slots [${found.join(', ')}], this optimizer needs ` +
          `[${expected.join(', ')}]; it belongs to another optimizer or to other options`,
      );
    }
    return expected.map((name) => {
      const tensor = readState(saved, name, 'tensor');
      if (tensor.shape.join() !== parameter.shape.join()) {
        throw new StateError(
          'X_STATE_MISMATCH',
          `the saved slot "${name}" of "${parameter.name}" has shape [${tensor.shape}], the parameter [${parameter.shape}]`,
        );
      }
      if (tensor.dtype !== 'float32') {
        throw new StateError(
          'X_STATE_MISMATCH',
          `the saved slot "${name}" of "${parameter.name}" is ${tensor.dtype}, slots are float32`,
        );
      }
      return [name, tensor];
    });
  }
}

function objectsOf(groups: readonly StateValue[]): readonly StateDict[] {
  return groups.map((group, i) => readState({ [`groups.${i}`]: group }, `groups.${i}`, 'object'));
}
