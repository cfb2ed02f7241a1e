import * as tf from '@tensorflow/tfjs-core';

import type { Parameter, ParameterSet } from '../state/parameters.js';
import type { StateDict, Stateful } from '../state/state-dict.js';
import { makeParameterGroups } from '../state/parameter-groups.js';
import type { ParameterGroup, ParameterGroupConfig } from '../state/parameter-groups.js';
import { OptimizerState } from '../state/optimizer-state.js';
import { registerFor } from '../plugins/describe.js';
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
  /** The parameter's state by slot name. */
  readonly slots: Readonly<TensorMap>;
  /** The present coefficients as scalars. */
  readonly coefficients: Readonly<Record<string, tf.Scalar>>;
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
export abstract class Optimizer implements Stateful {
  static readonly kind: string = 'optimizer';
  static readonly defaultName: string = 'adam';
  static readonly register: Register<Optimizer> = registerFor('optimizer');

  /** Live: what is written into a group's `options` acts from the next step on. */
  readonly groups: readonly ParameterGroup[];
  /** Slots and step counts by parameter name. */
  readonly state: OptimizerState;

  /**
   * @param options the validated options; all but `parameterGroups` are the defaults of every group.
   * @param parameters the trainable parameters in the model's order.
   * @throws ModelError (`X_MODEL_NOTHING_TO_TRAIN`) without any parameter; ConfigError for groups that overlap.
   */
  constructor(options: OptimizerOptions, parameters: ParameterSet) {
    this.groups = makeParameterGroups(options, parameters);
    this.state = new OptimizerState((parameter, options) =>
      this.initialSlots(options ?? this.groupOf(parameter).options),
    );
  }

  /** The slots of a parameter and the number that each is filled with at first. */
  abstract initialSlots(options: Hyperparameters): Readonly<Record<string, number>>;

  /** The factors of the `step`-th update of a parameter (1 at the first). */
  abstract coefficients(options: Hyperparameters, step: number): Coefficients;

  /** The update rule in tfjs ops. It reads no values and disposes nothing. */
  abstract update(input: RuleInput): RuleOutput;

  /** The group that holds a parameter. */
  groupOf(parameter: Parameter): ParameterGroup {
    const group = this.groups.find(({ parameters }) => parameters.some(({ name }) => name === parameter.name));
    if (group === undefined) throw new RangeError(`the optimizer was not given the parameter "${parameter.name}"`);
    return group;
  }

  /**
   * Applies one update in plain code, outside a trainer. Parameters without an entry in `gradients` are untouched. The
   * gradients stay the caller's.
   */
  step(gradients: Readonly<TensorMap>): void {
    for (const group of this.groups) {
      for (const parameter of group.parameters) {
        const gradient = gradients[parameter.name];
        if (gradient !== undefined) this.stepOne(parameter, group, gradient);
      }
    }
  }

  private stepOne(parameter: Parameter, group: ParameterGroup, gradient: tf.Tensor): void {
    const slots = this.state.slotsOf(parameter);
    const factors = present(this.coefficients(group.options, this.state.stepsOf(parameter) + 1));
    tf.tidy(() => {
      const output = this.update({
        gradient,
        parameter: parameter.variable,
        slots,
        coefficients: Object.fromEntries(factors.map(([name, value]) => [name, tf.scalar(value)])),
      });
      for (const [name, value] of Object.entries(output.slots)) assignChanged(slots[name]!, value);
      assignChanged(parameter.variable, output.parameter);
    });
    this.state.advance(parameter);
  }

  stateDict(): StateDict {
    return { state: this.state.stateDict(), groups: this.groups.map((group) => group.stateDict()) };
  }

  /** @throws StateError (`X_STATE_MISMATCH`) naming what differs, for the state of another optimizer or model. */
  loadStateDict(state: StateDict): void {
    this.state.loadOptimizerState(state, this.groups);
  }

  /** Frees the slots. */
  dispose(): void {
    this.state.dispose();
  }
}

/** The coefficients whose branch is taken. */
export function present(coefficients: Coefficients): [string, number][] {
  return Object.entries(coefficients).filter((entry): entry is [string, number] => entry[1] !== undefined);
}

/** A rule may hand back what it got; a variable cannot be assigned to itself. */
function assignChanged(variable: tf.Variable, value: tf.Tensor): void {
  if (value !== variable) variable.assign(value);
}
