import * as tf from '@tensorflow/tfjs-core';

import type { Outputs } from '../../contracts/batch.js';
import type { Program, ProgramInputs, ProgramState } from '../../contracts/engine.js';
import { NamedState } from '../../state/named-state.js';

export function program(
  name: string,
  run: (inputs: ProgramInputs, state: ProgramState) => Outputs,
  guards: readonly string[] = [],
): Program {
  return { name, key: '', guards, run };
}

/** A state with the variables `parameters/w` [1, 2] and `averages/w` [-1, -2], and the temporary `gradients/w` [3, 4]. */
export class SmallState {
  readonly state = new NamedState();
  readonly w: tf.Variable = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
  readonly average: tf.Variable = tf.tidy(() => tf.variable(tf.tensor1d([-1, -2])));

  constructor() {
    this.state.define('parameters/w', this.w);
    this.state.define('averages/w', this.average);
    tf.tidy(() => this.state.set('gradients/w', tf.tensor1d([3, 4])));
  }

  /** Values by name. */
  get values(): Record<string, number[]> {
    const all = [...this.state.allVariables(), ...this.state.allTemporaries()];
    return Object.fromEntries(all.map(([name, tensor]) => [name, [...tensor.dataSync()]]));
  }

  dispose(): void {
    this.state.clearTemporaries();
    tf.dispose([this.w, this.average]);
  }
}

/** All of tfjs that a trace touches. */
export function tfjsNow(): Readonly<Record<string, unknown>> {
  const { numTensors, numBytes, numDataBuffers } = tf.memory();
  const { state } = tf.engine() as unknown as {
    readonly state: Readonly<Record<string, unknown>> & { readonly registeredVariables: Record<string, tf.Variable> };
  };
  return {
    numTensors,
    numBytes,
    numDataBuffers,
    backend: tf.getBackend(),
    instance: tf.backend(),
    variables: new Map(Object.values(state.registeredVariables).map((variable) => [variable, variable.dataId])),
    depths: [state['gradientDepth'], state['kernelDepth'], state['activeTape'] === undefined],
    scope: state['activeScope'],
    gradients: ['Tile', 'Einsum', 'Add', 'Multinomial', 'MatMul'].map((name) => tf.getGradient(name)),
    kernels: tf.getKernelsForBackend('cpu').map(({ kernelName, kernelFunc }) => [kernelName, kernelFunc]),
    random: Math.random,
    toTensor: tf.TensorBuffer.prototype.toTensor,
  };
}
