import type * as tf from '@tensorflow/tfjs-core';

import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';
import type { NamedState } from '../state/named-state.js';
import type { StateDict, Stateful } from '../state/state-dict.js';
import type { Batch, Outputs } from './batch.js';
import type { Json } from './dataset.js';

/** What a program is given besides state. */
export interface ProgramInputs {
  readonly batch: Batch;
  /** The numbers of the request as scalars: inputs of a traced program, never constants in it. */
  readonly numbers: Readonly<Record<string, tf.Scalar>>;
}

/** The named state as a program sees it: its own writes are visible to its reads, and to nobody else until commit. */
export interface ProgramState {
  /** The value under a name, undefined where there is none (a gradient that no batch has reached). */
  read(name: string): tf.Tensor | undefined;
  /** Sets a value, or with null removes it. The program need not keep the tensor. */
  write(name: string, value: tf.Tensor | null): void;
}

/**
 * A synchronous function from tensors to tensors that touches nothing but the state it is handed. It reads no values and
 * starts no timers; whatever it makes is disposed, except its outputs and what it wrote.
 */
export interface Program {
  readonly name: string;
  /**
   * All that the function depends on besides shapes, dtypes, static batch fields and the presence of state: trainable
   * parameters, branches of rules. Two programs of one name and key compute the same.
   */
  readonly key: string;
  /** Outputs that decide whether the run is committed (see {@link RunRequest.commitIf}). */
  readonly guards: readonly string[];
  /**
   * Says that an engine may make each write visible at once, when the guards of the parts before have passed, so that old
   * and new values of all state need not be held together. Such a program has no guards of its own, and what can be wrong
   * with its inputs is found before it runs: if it throws, some of its writes are made.
   */
  readonly inPlace?: boolean;
  /** The same program as several, to be run one after the other, for engines that run op by op. */
  readonly parts?: readonly Program[];
  run(inputs: ProgramInputs, state: ProgramState): Outputs;
}

/** Names the random numbers of a run: the same key gives the same numbers, on every engine. */
export interface RandomKey {
  readonly seed: number;
  readonly step: number;
  readonly microBatch: number;
}

/** How a program is to be run. */
export interface RunRequest {
  readonly batch?: Batch;
  readonly numbers?: Readonly<Record<string, number>>;
  readonly random?: RandomKey;
  /** Which weights the model sees: a binding of names, no copy. Default `raw`. */
  readonly parameters?: 'raw' | 'averaged';
  /**
   * When state writes become visible, all together: `always` (default), or only if every guard is `finite` or `not-nan`.
   * A run that is not committed, or throws, leaves the state as it was (but see {@link Program.inPlace}).
   */
  readonly commitIf?: 'always' | 'finite' | 'not-nan';
}

/** What a run gave. */
export interface RunResult {
  /** Owned by the caller, who disposes them. */
  readonly outputs: Outputs;
  readonly committed: boolean;
  /** The names that the program wrote, also those it removed again. */
  readonly written: ReadonlySet<string>;
}

/** Whether an engine is usable here. */
export interface EngineProbe {
  readonly usable: boolean;
  /** What it found: a backend and version, or why it is not usable. */
  readonly reason: string;
  /** What to type to make it usable; absent if it is, or cannot be. */
  readonly advice?: string;
}

/**
 * All about an engine that can change a bit of what it computes, as plain data: `{ name: 'onnx', version: '1.30.0', threads: 2 }`.
 * Two engines of one description give the same bits.
 */
export interface EngineDescription {
  readonly name: string;
  /** Of what computes: a library, not of our package alone. */
  readonly version: string;
  /** Choices that matter, such as the number of threads. */
  readonly [choice: string]: Json;
}

/** Bytes in use. */
export interface MemoryReport {
  /** Resident memory of this process. */
  readonly hostBytes: number;
  /** By device name; empty where the engine has no memory of its own. */
  readonly deviceBytes: Readonly<Record<string, number>>;
  /** Live tensors, for leak checks. */
  readonly tensors: number;
}

/**
 * Runs programs. Trainer, optimizers and callbacks never ask which engine that is.
 *
 * The rules of this contract (commit, key, numbers, averages, outputs, same bits, probe, description, memory) are the cases of the
 * suite `engineContract` of `@x/testing`, which every engine passes.
 */
export abstract class Engine implements Stateful {
  static readonly kind: string = 'engine';
  static readonly defaultName: string = 'auto';
  static readonly register: Register<Engine> = registerFor('engine');

  abstract readonly name: string;

  /** Looks whether it can run here. It never throws and leaves nothing behind. */
  abstract probe(): Promise<EngineProbe>;

  /** @throws EngineError with what the probe found, if it is not usable. */
  abstract prepare(): Promise<void>;

  abstract run(program: Program, state: NamedState, request?: RunRequest): Promise<RunResult>;

  abstract memory(): MemoryReport;

  /**
   * What it is, once it is prepared: recorded with a run and its checkpoints, and compared when a run goes on. Default: its
   * name alone.
   */
  describe(): EngineDescription {
    return { name: this.name, version: 'unknown' };
  }

  /**
   * What its future choices depend on besides the programs that it is given, such as how often a shape has been run.
   * Default: nothing.
   */
  stateDict(): StateDict {
    return {};
  }

  /** Called after {@link prepare} and before the first run. Default: nothing to take. */
  loadStateDict(_state: StateDict): void {
    return;
  }

  /**
   * Frees what it holds outside of the state, such as compiled programs; called once its run is over, by whoever built it.
   * Calling it again, or without {@link prepare}, is fine. Default: nothing to free.
   */
  dispose(): Promise<void> | void {
    return;
  }

  /**
   * Temporaries of a state as one float32 vector, in that order, if that is how the engine has them: what is written into it
   * is their new value. Between them may stand elements that mean nothing. It is valid until the next run. Default: null,
   * they stand apart.
   */
  vectorOf(_state: NamedState, _names: readonly string[]): Float32Array | null {
    return null;
  }

  /** Whether it can run on that device number (0 and up). Default: it has no devices of its own. */
  supportsDevice(device: number): boolean {
    return device < 0;
  }
}
