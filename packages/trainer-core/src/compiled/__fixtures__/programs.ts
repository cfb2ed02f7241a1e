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

const numbers = new WeakMap<object, number>();
let seen = 0;

/** A number that stands for an object, so that comparing does not look into it. */
function identity(object: object | null | undefined): number {
  if (object === undefined || object === null) return 0;
  const known = numbers.get(object) ?? ++seen;
  numbers.set(object, known);
  return known;
}

interface TfjsState {
  readonly registeredVariables: Readonly<Record<string, tf.Variable>>;
  readonly gradientDepth: number;
  readonly kernelDepth: number;
  readonly activeTape?: object;
  readonly activeScope: object | null;
}

/** All of tfjs that a trace touches; equal if nothing has changed. */
export function tfjsNow(): Readonly<Record<string, unknown>> {
  const { numTensors, numBytes, numDataBuffers } = tf.memory();
  const { registeredVariables, ...state } = tf.engine().state as unknown as TfjsState;
  const variables = Object.values(registeredVariables).map((each) => [
    each.name,
    identity(each),
    identity(each.dataId),
  ]);
  return {
    counts: { numTensors, numBytes, numDataBuffers },
    backend: [tf.getBackend(), identity(tf.backend())],
    variables: variables.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    depths: [state.gradientDepth, state.kernelDepth, identity(state.activeTape), identity(state.activeScope)],
    gradients: ['Tile', 'Einsum', 'Add', 'Multinomial', 'MatMul'].map((name) => identity(tf.getGradient(name))),
    kernels: tf.getKernelsForBackend('cpu').map(({ kernelName, kernelFunc }) => [kernelName, identity(kernelFunc)]),
    random: [
      identity(Math.random),
      identity(Object.getOwnPropertyDescriptor(tf.TensorBuffer.prototype, 'toTensor')?.value as object),
    ],
  };
}
