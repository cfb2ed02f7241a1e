import * as tf from '@tensorflow/tfjs-core';

import { Engine } from '../contracts/engine.js';
import type {
  EngineDescription,
  EngineProbe,
  MemoryReport,
  Program,
  RunRequest,
  RunResult,
} from '../contracts/engine.js';
import { tensorsIn } from '../contracts/batch.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import { withGradientOverrides } from '../compiled/gradient-overrides.js';
import { DataError, EngineError } from '../errors.js';
import { hostRandom, withStepRandom } from '../random/step-random.js';
import type { NamedState } from '../state/named-state.js';
import { hostMemory } from './host-memory.js';
import { Transaction, WritesInPlace } from './transaction.js';

/** Runs programs op by op on whatever tfjs backend is registered. It needs nothing else, and everything works on it. */
@Engine.register('eager')
export class EagerEngine extends Engine {
  override readonly name: string = 'eager';

  override async probe(): Promise<EngineProbe> {
    try {
      await tf.ready();
    } catch {
      return {
        usable: false,
        reason: 'no TensorFlow.js backend is registered',
        advice: "npm install @tensorflow/tfjs, and import '@tensorflow/tfjs' before training",
      };
    }
    try {
      tf.dispose(tf.tidy(() => tf.grad((x) => tf.sum(tf.square(x)))(tf.tensor1d([1, 2]))));
    } catch {
      return {
        usable: false,
        reason: 'tfjs-core alone has no gradients in Node',
        advice:
          "npm install @tensorflow/tfjs, and import '@tensorflow/tfjs' (or '@tensorflow/tfjs-layers') before training",
      };
    }
    return { usable: true, reason: `tfjs ${tf.version_core}, backend ${tf.getBackend()}` };
  }

  /** @throws EngineError (`X_ENGINE_NO_BACKEND`, `X_ENGINE_NO_GRADIENTS`). */
  override async prepare(): Promise<void> {
    const { usable, reason, advice } = await this.probe();
    if (usable) return;
    const code = reason.includes('backend') ? 'X_ENGINE_NO_BACKEND' : 'X_ENGINE_NO_GRADIENTS';
    throw new EngineError(code, `the eager engine cannot run: ${reason}; ${advice}`);
  }

  override async run(program: Program, state: NamedState, request: RunRequest = {}): Promise<RunResult> {
    const { batch = {}, numbers = {}, parameters = 'raw', commitIf = 'always' } = request;
    checkAlive(batch);
    const transaction = new Transaction(state);
    const inPlace = new WritesInPlace(state, transaction);
    const inputs = { batch, numbers: scalars(numbers) };
    const random = request.random === undefined ? undefined : hostRandom(request.random);
    const outputs: Outputs = {};
    const runPart = (part: Program): void => {
      const partState = part.inPlace === true ? inPlace : transaction;
      const compute = (): Outputs => withGradientOverrides(() => part.run(inputs, partState));
      const randomized = (): Outputs => (random === undefined ? compute() : withStepRandom(random, compute));
      // cloned while the averages are bound: an output may be a variable
      const owned = (): Outputs => ownedClones(randomized());
      Object.assign(
        outputs,
        tf.tidy(() => (parameters === 'averaged' ? withAverages(state, owned) : owned())),
      );
    };
    const guardsPass = async (): Promise<boolean> =>
      commitIf === 'always' ||
      allPass(
        program.guards.map((name) => outputs[name]),
        commitIf,
      );
    try {
      let committed: boolean | undefined;
      for (const part of program.parts ?? [program]) {
        if (part.inPlace === true) committed ??= await guardsPass();
        if (committed === false) break;
        runPart(part);
      }
      committed ??= await guardsPass();
      const written = new Set([...inPlace.written, ...transaction.written]);
      if (committed) transaction.commit();
      return { outputs, committed, written };
    } catch (error) {
      tf.dispose(outputs);
      throw error;
    } finally {
      transaction.release();
      tf.dispose(inputs.numbers);
    }
  }

  override memory(): MemoryReport {
    return hostMemory();
  }

  override describe(): EngineDescription {
    return { name: this.name, version: tf.version_core, backend: tf.getBackend() };
  }
}

/** tfjs says of a tensor that is disposed that it cannot read a property. */
function checkAlive(batch: Batch): void {
  if (tensorsIn(batch).every(({ isDisposed }) => !isDisposed)) return;
  throw new DataError(
    'X_DATA_INVALID',
    'a tensor of the batch is disposed: a step needs all of its batch; dispose it once the step is over, or hand over a clone',
  );
}

/** Equal numbers share one tensor. */
function scalars(numbers: Readonly<Record<string, number>>): Record<string, tf.Scalar> {
  const made = new Map<number, tf.Scalar>();
  const scalarOf = (value: number): tf.Scalar => {
    const scalar = made.get(value) ?? tf.scalar(value);
    made.set(value, scalar);
    return scalar;
  };
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, scalarOf(value)]));
}

/** Outputs may be variables or parts of the batch; a clone is the caller's alone. */
function ownedClones(outputs: Outputs): Outputs {
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, tf.clone(tensor)]));
}

/** Binds the parameters' variables to their averages: references are exchanged, nothing is copied. */
function withAverages<R>(state: NamedState, run: () => R): R {
  const bound = state.variablesIn('averages').map((name) => {
    const variable = state.variable(`parameters/${name}`)!;
    return { variable, raw: tf.clone(variable), average: state.variable(`averages/${name}`)! };
  });
  try {
    for (const { variable, average } of bound) variable.assign(average);
    return run();
  } finally {
    for (const { variable, raw } of bound) variable.assign(raw);
  }
}

async function allPass(guards: readonly (tf.Tensor | undefined)[], rule: 'finite' | 'not-nan'): Promise<boolean> {
  const passes = rule === 'finite' ? Number.isFinite : (value: number): boolean => !Number.isNaN(value);
  for (const guard of guards) {
    if (guard !== undefined && !(await guard.data()).every(passes)) return false;
  }
  return true;
}
