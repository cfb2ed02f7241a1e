import * as tf from '@tensorflow/tfjs-core';

/**
 * All the state that programs may read and assign, by name: `parameters/w`, `buffers/mean`, `slots/w/expAvg`,
 * `averages/w` are variables that others own; `gradients/w`, `touchedRows/w` and `pending/mean` are temporary
 * and owned here.
 */
export class NamedState {
  private readonly variables = new Map<string, tf.Variable>();
  private readonly temporaries = new Map<string, tf.Tensor>();

  /** Puts a variable under a name. Naming the same variable again changes nothing. */
  define(name: string, variable: tf.Variable): void {
    this.variables.set(name, variable);
  }

  variable(name: string): tf.Variable | undefined {
    return this.variables.get(name);
  }

  /** The names of the variables below a folder such as `averages`, without the folder. */
  variablesIn(folder: string): string[] {
    const prefix = `${folder}/`;
    return [...this.variables.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
  }

  /** Every variable with its name. */
  allVariables(): IterableIterator<[string, tf.Variable]> {
    return this.variables.entries();
  }

  /** Every temporary with its name. */
  allTemporaries(): IterableIterator<[string, tf.Tensor]> {
    return this.temporaries.entries();
  }

  get(name: string): tf.Tensor | undefined {
    return this.variables.get(name) ?? this.temporaries.get(name);
  }

  /** Sets a variable to a value, or replaces a temporary. The tensor stays the caller's. */
  set(name: string, value: tf.Tensor): void {
    const variable = this.variables.get(name);
    if (variable !== undefined) {
      variable.assign(value);
      return;
    }
    const clone = tf.keep(tf.clone(value));
    this.temporaries.get(name)?.dispose();
    this.temporaries.set(name, clone);
  }

  /** Sets a temporary to a tensor that becomes the state's own: neither cloned nor touched by the backend of the moment. */
  adopt(name: string, tensor: tf.Tensor): void {
    this.temporaries.get(name)?.dispose();
    this.temporaries.set(name, tf.keep(tensor));
  }

  /** Removes a temporary. */
  remove(name: string): void {
    this.temporaries.get(name)?.dispose();
    this.temporaries.delete(name);
  }

  /** The temporaries below a folder such as `gradients`, without the folder. */
  temporariesIn(folder: string): Map<string, tf.Tensor> {
    const prefix = `${folder}/`;
    return new Map(
      [...this.temporaries]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), value]),
    );
  }

  /** Frees every temporary; variables belong to others. */
  clearTemporaries(): void {
    for (const name of [...this.temporaries.keys()]) this.remove(name);
  }
}
