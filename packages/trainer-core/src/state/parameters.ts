import type * as tf from '@tensorflow/tfjs-core';

import { searchPattern } from '../config/pattern.js';
import { ModelError } from '../errors.js';

/** A named weight of a model: a view of a variable under the name that checkpoints know. */
export class Parameter {
  constructor(
    readonly name: string,
    readonly variable: tf.Variable,
  ) {}

  get shape(): readonly number[] {
    return this.variable.shape;
  }

  /**
   * Whether training changes it (the variable's own flag). Freezing and unfreezing act from the next step on; a frozen
   * parameter keeps its optimizer state.
   */
  get trainable(): boolean {
    return this.variable.trainable;
  }

  set trainable(trainable: boolean) {
    this.variable.trainable = trainable;
  }
}

/** The parameters of a model, in the model's order, each under its own name. */
export class ParameterSet implements Iterable<Parameter> {
  private readonly byName: ReadonlyMap<string, Parameter>;

  /** @throws ModelError (`X_MODEL_INVALID`) if two parameters share a name. */
  constructor(parameters: Iterable<Parameter>) {
    const byName = new Map<string, Parameter>();
    for (const parameter of parameters) {
      if (byName.has(parameter.name)) {
        throw new ModelError(
          'X_MODEL_INVALID',
          `two variables of the model are named "${parameter.name}"; names are the keys of checkpoints and must differ`,
        );
      }
      byName.set(parameter.name, parameter);
    }
    this.byName = byName;
  }

  /** The named variables of a model. */
  static of(variables: Readonly<Record<string, tf.Variable>>): ParameterSet {
    return new ParameterSet(Object.entries(variables).map(([name, variable]) => new Parameter(name, variable)));
  }

  [Symbol.iterator](): Iterator<Parameter> {
    return this.byName.values();
  }

  get size(): number {
    return this.byName.size;
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }

  get(name: string): Parameter | undefined {
    return this.byName.get(name);
  }

  /** Those that training changes now. */
  trainable(): ParameterSet {
    return new ParameterSet([...this].filter((parameter) => parameter.trainable));
  }

  /**
   * Freezes every parameter in whose name one of the patterns is found ({@link searchPattern}).
   *
   * @returns the names that were frozen by this call.
   */
  freeze(patterns: readonly (string | RegExp)[]): string[] {
    const regexes = patterns.map(searchPattern);
    const frozen = [...this].filter(({ name, trainable }) => trainable && regexes.some((regex) => regex.test(name)));
    for (const parameter of frozen) parameter.trainable = false;
    return frozen.map(({ name }) => name);
  }

  /** Those patterns, as they were written and each once, that are found in no parameter's name. */
  unmatched(patterns: readonly (string | RegExp)[]): (string | RegExp)[] {
    return [...new Set(patterns)].filter((pattern) => {
      const regex = searchPattern(pattern);
      return ![...this].some(({ name }) => regex.test(name));
    });
  }
}
