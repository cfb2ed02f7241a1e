import * as tf from '@tensorflow/tfjs-core';

import { StateError } from '../errors.js';
import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';
import type { Parameter, ParameterSet } from '../state/parameters.js';
import type { StateDict, Stateful } from '../state/state-dict.js';
import { misfit, readState } from '../state/state-dict.js';
import type { TensorMap } from './batch.js';
import { asScalars } from './optimizer.js';
import type { Coefficients } from './optimizer.js';

/**
 * Averages of the weights over training (shadow parameters). Validation, evaluation and saved weights use the averages;
 * training goes on with the raw weights.
 *
 * Like an optimizer it is two pure functions. Only parameters that are trainable when it is built are averaged.
 */
export abstract class MovingAverage implements Stateful {
  static readonly kind: string = 'movingAverage';
  static readonly defaultName: string = 'exponential';
  static readonly register: Register<MovingAverage> = registerFor('movingAverage');

  /** The averages by parameter name. They start as copies of the parameters. */
  readonly shadows: ReadonlyMap<string, tf.Variable>;
  private readonly averaged: readonly Parameter[];
  private backups: Map<Parameter, tf.Tensor> | undefined;

  constructor(parameters: ParameterSet) {
    this.averaged = [...parameters.trainable()];
    this.shadows = new Map(this.averaged.map(({ name, variable }) => [name, tf.variable(variable, false)]));
  }

  /**
   * The factors of one update.
   *
   * @param numUpdates the number of the optimizer step that was just made (1 at the first); null if not told.
   */
  abstract coefficients(numUpdates: number | null): Coefficients;

  /**
   * The new average of one parameter, in tfjs ops.
   *
   * @param slots what the optimizer keeps of the parameter, for averages that an optimizer computes itself; undefined
   *   where the step did not update the parameter.
   */
  abstract update(
    shadow: tf.Tensor,
    parameter: tf.Tensor,
    coefficients: Readonly<Record<string, tf.Scalar>>,
    slots: Readonly<TensorMap> | undefined,
  ): tf.Tensor;

  /** The `slots` of {@link update} in plain code, outside a trainer. Default: none. */
  protected slotsOf(_parameter: Parameter): Readonly<TensorMap> | undefined {
    return undefined;
  }

  /** One update in plain code, outside a trainer. */
  apply(numUpdates: number | null = null): void {
    tf.tidy(() => {
      const coefficients = asScalars(this.coefficients(numUpdates));
      for (const parameter of this.averaged) {
        const shadow = this.shadows.get(parameter.name)!;
        shadow.assign(this.update(shadow, parameter.variable, coefficients, this.slotsOf(parameter)));
      }
    });
  }

  /** Puts the averages into the parameters and keeps the raw weights until {@link restore}. */
  assignAverageValue(): void {
    this.dropBackups();
    this.backups = new Map(this.averaged.map((parameter) => [parameter, tf.keep(tf.clone(parameter.variable))]));
    this.copyToParameters();
  }

  /** Puts back the raw weights that {@link assignAverageValue} replaced. */
  restore(): void {
    for (const [{ variable }, raw] of this.backups ?? []) variable.assign(raw);
    this.dropBackups();
  }

  /** Puts the averages into the parameters for good. */
  copyToParameters(): void {
    for (const { name, variable } of this.averaged) variable.assign(this.shadows.get(name)!);
  }

  stateDict(): StateDict {
    return { shadows: Object.fromEntries(this.shadows) };
  }

  /** @throws StateError (`X_STATE_MISMATCH`) for averages that are missing, surplus or do not fit, all named; nothing is changed then. */
  loadStateDict(state: StateDict): void {
    const shadows = readState(state, 'shadows', 'object');
    const problems = [...this.shadows].flatMap(([name, shadow]) => {
      if (!(name in shadows)) return [`that of "${name}" is missing`];
      const difference = misfit(readState(shadows, name, 'tensor'), shadow);
      return difference === null ? [] : [`that of "${name}" ${difference}`];
    });
    const surplus = Object.keys(shadows).filter((name) => !this.shadows.has(name));
    problems.push(...surplus.map((name) => `that of "${name}" belongs to no parameter that is averaged here`));
    if (problems.length > 0) {
      throw new StateError('X_STATE_MISMATCH', `the saved averages do not fit: ${problems.join('; ')}`);
    }
    for (const [name, shadow] of this.shadows) shadow.assign(readState(shadows, name, 'tensor'));
  }

  /** Frees the averages. */
  dispose(): void {
    this.dropBackups();
    tf.dispose([...this.shadows.values()]);
  }

  private dropBackups(): void {
    tf.dispose([...(this.backups?.values() ?? [])]);
    this.backups = undefined;
  }
}
