import * as tf from '@tensorflow/tfjs-core';

import type { Parameter, ParameterSet } from '../state/parameters.js';
import { StateError } from '../errors.js';
import type { StateDict, Stateful } from '../state/state-dict.js';
import { readState } from '../state/state-dict.js';
import { makeParameterGroups } from '../state/parameter-groups.js';
import type { ParameterGroup, ParameterGroupConfig } from '../state/parameter-groups.js';
import { OptimizerState } from '../state/optimizer-state.js';
import type { HostScalars, InitialSlot, StateRule } from '../state/optimizer-state.js';
import { descriptorsOf, registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';
import type { TensorMap } from './batch.js';

/** The options of one parameter group, by name: `lr`, `weightDecay`, `betas`, ... Schedulers write into them. */
export type Hyperparameters = Record<string, unknown>;

/**
 * Factors of one update by name, computed in float64. A factor that is undefined means that its branch of the rule is
 * not taken: the names that are present are part of what a compiled engine specialises on.
 */
export type Coefficients = Readonly<Record<string, number | undefined>>;

/** What an update rule sees of one parameter. */
export interface RuleInput {
  /** Same shape as the parameter. */
  readonly gradient: tf.Tensor;
  readonly parameter: tf.Tensor;
  /** The parameter's state by slot name: the slots that the options of now call for. */
  readonly slots: Readonly<TensorMap>;
  /** The present coefficients as scalars. */
  readonly coefficients: Readonly<Record<string, tf.Scalar>>;
  /**
   * For a row-sparse gradient (see `sparseLookup`): 1 for each row, along the first axis, that a lookup touched, 0 for the
   * others, whose gradient is 0; float32 of shape [rows, 1, ...]. Absent for a dense gradient.
   */
  readonly touchedRows?: tf.Tensor | undefined;
}

/** What an update rule makes of it. */
export interface RuleOutput {
  readonly parameter: tf.Tensor;
  /** The new value of every slot. */
  readonly slots: Readonly<TensorMap>;
}

/** What every optimizer is constructed with. */
export interface OptimizerOptions extends Hyperparameters {
  readonly parameterGroups?: readonly ParameterGroupConfig[] | null | undefined;
}

/**
 * An optimizer is two pure functions, {@link coefficients} on the host and {@link update} on tensors, and reads like its
 * formula. Parameter groups, per-parameter step counts and slots are kept here and are the same for every optimizer.
 *
 * Parameters that no gradient has reached are left alone, and so is their state.
 */
export abstract class Optimizer implements Stateful, StateRule {
  static readonly kind: string = 'optimizer';
  static readonly defaultName: string = 'adam';
  static readonly register: Register<Optimizer> = registerFor('optimizer');

  /** Live: what is written into a group's `options` acts from the next step on. */
  readonly groups: readonly ParameterGroup[];
  /** Slots, host scalars and step counts by parameter name. */
  readonly state: OptimizerState;
  private readonly groupByName: ReadonlyMap<string, ParameterGroup>;

  /**
   * @param options the validated options; all but `parameterGroups` are the defaults of every group.
   * @param parameters the trainable parameters in the model's order.
   * @throws ModelError (`X_MODEL_NOTHING_TO_TRAIN`) without any parameter; ConfigError for groups that overlap.
   */
  constructor(options: OptimizerOptions, parameters: ParameterSet) {
    this.groups = makeParameterGroups(options, parameters);
    this.groupByName = new Map(
      this.groups.flatMap((group) => group.parameters.map(({ name }) => [name, group] as const)),
    );
    this.state = new OptimizerState(this);
  }

  /** The slots of a parameter of that shape, by name, and what each holds at first. */
  abstract initialSlots(options: Hyperparameters, shape: readonly number[]): Readonly<Record<string, InitialSlot>>;

  /**
   * Those of them that only some options call for. An option may be switched on or off in mid-training: a slot that was
   * made stays, and a saved state may have it or not. Default: none.
   */
  optionalSlots(_shape: readonly number[]): Readonly<Record<string, InitialSlot>> {
    return {};
  }

  /** Numbers kept per parameter in float64 on the host, where the count of updates is not enough. Default: none. */
  initialScalars(_options: Hyperparameters): HostScalars {
    return {};
  }

  /** The factors of the `step`-th update of a parameter (1 at the first). */
  abstract coefficients(options: Hyperparameters, step: number, scalars: HostScalars): Coefficients;

  /** The host scalars after the `step`-th update, once it is committed. Default: as they were. */
  nextScalars(_options: Hyperparameters, _step: number, scalars: HostScalars): HostScalars {
    return scalars;
  }

  /** The learning rate of the `step`-th update of a parameter, as reports show it. Default: the option `lr`. */
  learningRate({ lr }: Hyperparameters, _step: number): number {
    return Number(lr);
  }

  /** The update rule in tfjs ops. It reads no values and disposes nothing. */
  abstract update(input: RuleInput): RuleOutput;

  /** The group that holds a parameter. */
  groupOf(parameter: Parameter): ParameterGroup {
    const group = this.groupByName.get(parameter.name);
    if (group === undefined) throw new RangeError(`the optimizer was not given the parameter "${parameter.name}"`);
    return group;
  }

  /**
   * Applies one update in plain code, outside a trainer. Parameters without an entry in `gradients` are untouched. All
   * tensors stay the caller's.
   *
   * @param touchedRows for row-sparse gradients: which rows each touches (see {@link RuleInput.touchedRows}).
   */
  step(
    gradients: Readonly<TensorMap>,
    { touchedRows = {} }: { readonly touchedRows?: Readonly<TensorMap> } = {},
  ): void {
    for (const group of this.groups) {
      for (const parameter of group.parameters) {
        const gradient = gradients[parameter.name];
        if (gradient !== undefined) this.stepOne(parameter, group, gradient, touchedRows[parameter.name]);
      }
    }
  }

  private stepOne(
    parameter: Parameter,
    { options }: ParameterGroup,
    gradient: tf.Tensor,
    touchedRows: tf.Tensor | undefined,
  ): void {
    const { state } = this;
    const slots = state.slotsOf(parameter);
    const coefficients = this.coefficients(options, state.stepsOf(parameter) + 1, state.scalarsOf(parameter));
    tf.tidy(() => {
      const output = this.update({
        gradient,
        parameter: parameter.variable,
        slots,
        coefficients: asScalars(coefficients),
        touchedRows,
      });
      for (const [name, slot] of Object.entries(slots)) assignChanged(slot, output.slots[name]!);
      assignChanged(parameter.variable, output.parameter);
    });
    state.advance(parameter);
  }

  stateDict(): StateDict {
    const { registeredName: optimizer } = this;
    return {
      ...(optimizer === undefined ? {} : { optimizer }),
      state: this.state.stateDict(),
      groups: this.groups.map((group) => group.stateDict()),
    };
  }

  /** @throws StateError (`X_STATE_MISMATCH`) naming what differs, for the state of another optimizer or model. */
  loadStateDict(state: StateDict): void {
    const { registeredName: optimizer } = this;
    if (optimizer !== undefined && 'optimizer' in state && state['optimizer'] !== optimizer) {
      throw new StateError(
        'X_STATE_MISMATCH',
        `the saved state is that of the optimizer "${readState(state, 'optimizer', 'string')}", this one is "${optimizer}"`,
      );
    }
    this.state.loadOptimizerState(state, this.groups);
  }

  /** The name that it is registered under, if it is: slots of one name and shape mean different things to two rules. */
  private get registeredName(): string | undefined {
    return descriptorsOf(this.constructor).at(-1)?.name;
  }

  /** Frees the slots, and forgets scalars and counts. */
  dispose(): void {
    this.state.dispose();
  }
}

/** The coefficients whose branch is taken. */
export function present(coefficients: Coefficients): [string, number][] {
  return Object.entries(coefficients).filter((entry): entry is [string, number] => entry[1] !== undefined);
}

/** The coefficients whose branch is taken, as a rule sees them. */
export function asScalars(coefficients: Coefficients): Record<string, tf.Scalar> {
  return Object.fromEntries(present(coefficients).map(([name, value]) => [name, tf.scalar(value)]));
}

/** A rule may hand back what it got; a variable cannot be assigned to itself. */
function assignChanged(variable: tf.Variable, value: tf.Tensor): void {
  if (value !== variable) variable.assign(value);
}
