import * as tf from '@tensorflow/tfjs-core';

import { messageOf } from '../config/show.js';
import type { Batch, BatchValue } from '../contracts/batch.js';
import type { Program, RunRequest } from '../contracts/engine.js';
import { withStepRandom } from '../random/step-random.js';
import type { StepRandom } from '../random/step-random.js';
import type { NamedState } from '../state/named-state.js';
import { attributesText, fingerprint, Recording } from './recording.js';
import { leaked, registerKernels, SYMBOLIC, symbolicBackend } from './symbolic-backend.js';
import type { ActiveTrace } from './symbolic-backend.js';
import { NotCompilableError } from './target.js';
import type { CompiledType, HostArray, SymbolicValue, TraceTarget } from './target.js';
import {
  announceData,
  dataInfo,
  liveVariables,
  onBackend,
  pointVariable,
  tensorOf,
  uncounted,
} from './tfjs-internals.js';
import type { DataId } from './tfjs-internals.js';
import { TraceError } from './trace-error.js';
import { TracedState } from './traced-state.js';
import { userLine } from './user-line.js';

/** Where the elements of an input come from when the program is run. */
export type InputSource =
  /** The n-th tensor of the batch, as `tensorsIn` lists them. */
  | { readonly kind: 'batch'; readonly index: number }
  | { readonly kind: 'number'; readonly name: string }
  /** What stands under a name of the state. */
  | { readonly kind: 'state'; readonly name: string }
  /** A variable that is not in the state: its elements of the moment. */
  | { readonly kind: 'variable'; readonly variable: tf.Variable };

export interface TracedInput<V> {
  readonly source: InputSource;
  readonly value: V;
}

/** What a program computes, as values of a target. */
export interface TracedProgram<V> {
  readonly name: string;
  /** All that was handed to the program, used or not. */
  readonly inputs: readonly TracedInput<V>[];
  readonly outputs: ReadonlyMap<string, V>;
  readonly guards: readonly string[];
  /** New values of the state by name; null removes. */
  readonly writes: ReadonlyMap<string, V | null>;
  /** Names of temporaries that the program looked for, and whether they were there: otherwise it is another program. */
  readonly temporaries: ReadonlyMap<string, boolean>;
  /** What it did, for comparison with another trace. */
  readonly recording: Recording;
}

/**
 * Runs a program once with symbolic tensors. Nothing is computed, and tfjs and the state are as they were afterwards.
 *
 * @param locate whether the recording shall have the user's line for each call, which takes many times as long.
 * @throws TraceError for what cannot be compiled; whatever the program throws.
 */
export function traceProgram<V extends SymbolicValue>(
  target: TraceTarget<V>,
  program: Program,
  state: NamedState,
  request: RunRequest,
  { locate = false }: { readonly locate?: boolean } = {},
): TracedProgram<V> {
  return new Trace(target, state, locate).run(program, request);
}

class Trace<V extends SymbolicValue> implements ActiveTrace {
  private readonly recording = new Recording();
  private readonly inputs: TracedInput<V>[] = [];
  private readonly numbers = new Map<V, number>();
  private readonly captured = new Map<DataId, V>();
  /** Variables that are not in the state, by where their elements are. */
  private readonly others = new Map<DataId, tf.Variable>();

  constructor(
    private readonly target: TraceTarget<V>,
    private readonly state: NamedState,
    private readonly locate: boolean,
  ) {}

  run(program: Program, request: RunRequest): TracedProgram<V> {
    if (symbolicBackend.active !== undefined) throw new TraceError('a step cannot run another step', userLine());
    registerKernels([]);
    symbolicBackend.active = this;
    try {
      let traced: TracedProgram<V> | undefined;
      const inScope = (): void => void tf.tidy(() => void (traced = this.traced(program, request)));
      uncounted(() => onBackend(SYMBOLIC, symbolicBackend, inScope));
      return traced!;
    } catch (error) {
      throw explained(error);
    } finally {
      symbolicBackend.active = undefined;
    }
  }

  kernel(
    name: string,
    inputs: tf.NamedTensorInfoMap | readonly tf.TensorInfo[],
    attributes: tf.NamedAttrMap,
  ): V | readonly V[] {
    const entries = Object.entries(inputs as Readonly<Record<string, tf.TensorInfo | null | undefined>>).flatMap(
      ([input, tensor]) => (tensor === null || tensor === undefined ? [] : [[input, this.valueOf(tensor)] as const]),
    );
    const numbers = entries.map(([input, value]) => `${input}=${this.numberOf(value)}`);
    this.record(`kernel ${name}`, `${numbers.join()} ${attributesText(attributes)}`);
    try {
      return this.target.kernel(name, Object.fromEntries(entries), attributes);
    } catch (error) {
      const operands = entries.map(([, { dtype, shape }]) => `${dtype}[${shape}]`).join(', ');
      const why = error instanceof NotCompilableError ? error.message : `it failed: ${messageOf(error)}`;
      throw new TraceError(`tf.${name}(${operands}) cannot be part of a compiled step: ${why}`, userLine(), {
        cause: error,
      });
    }
  }

  constant(values: unknown, shape: readonly number[], dtype: tf.DataType): V {
    const type = compiledType(dtype);
    const data = hostArray(values as ArrayLike<number | boolean>, type);
    this.record(`constant ${type}[${shape}]`, fingerprint(data));
    return this.target.constant(data, shape, type);
  }

  elements(value: unknown): HostArray | undefined {
    return this.target.constantData(value as V);
  }

  private traced(program: Program, request: RunRequest): TracedProgram<V> {
    const { batch = {}, numbers = {}, random, parameters = 'raw' } = request;
    const bound = this.bindVariables(parameters);
    try {
      const before = new Set(liveVariables());
      let index = 0;
      const symbolicBatch = mapTensors(batch, ({ shape, dtype }) =>
        this.inputTensor({ kind: 'batch', index: index++ }, shape, dtype),
      );
      const scalars = Object.fromEntries(
        Object.keys(numbers).map((name) => [name, this.inputTensor({ kind: 'number', name }, [], 'float32')]),
      ) as Record<string, tf.Scalar>;
      const state = new TracedState<V>(this.state, {
        valueOf: (tensor) => this.valueOf(tensor),
        tensorOf: (value, origin) => this.tensorOf(value, origin),
        temporary: (name, { shape, dtype }) => this.input({ kind: 'state', name }, shape, dtype),
      });
      const compute = (): Record<string, tf.Tensor> => program.run({ batch: symbolicBatch, numbers: scalars }, state);
      const results = random === undefined ? compute() : withStepRandom(this.random(), compute);
      if (typeof (results as { then?: unknown }).then === 'function') {
        throw new TraceError(`the program "${program.name}" is asynchronous: a step is one synchronous function`);
      }
      const outputs = new Map(Object.entries(results).map(([name, tensor]) => [name, this.valueOf(tensor)]));
      this.checkNoNewVariables(before);
      for (const { name, variable, value } of bound) {
        if (this.valueOf(variable) === value) continue;
        throw new TraceError(
          `the step assigns the variable "${name}" outside of its state: list what forward() assigns in namedBuffers()`,
        );
      }
      const { writes, temporaries } = state;
      const { recording, inputs } = this;
      return { name: program.name, inputs, outputs, guards: program.guards, writes, temporaries, recording };
    } finally {
      for (const { variable, dataId } of bound) pointVariable(variable, dataId);
    }
  }

  /** Lets the variables of the state stand for inputs. The caller points them back. */
  private bindVariables(
    parameters: 'raw' | 'averaged',
  ): { readonly name: string; readonly variable: tf.Variable; readonly value: V; readonly dataId: DataId }[] {
    const averaged = new Set(parameters === 'averaged' ? this.state.variablesIn('averages') : []);
    const bound = new Map<tf.Variable, { name: string; variable: tf.Variable; value: V; dataId: DataId }>();
    for (const [name, variable] of this.state.allVariables()) {
      if (bound.has(variable)) continue;
      const [folder, own] = [name.slice(0, name.indexOf('/')), name.slice(name.indexOf('/') + 1)];
      const source = folder === 'parameters' && averaged.has(own) ? `averages/${own}` : name;
      const value = this.input({ kind: 'state', name: source }, variable.shape, variable.dtype);
      bound.set(variable, { name, variable, value, dataId: variable.dataId });
    }
    for (const variable of liveVariables()) if (!bound.has(variable)) this.others.set(variable.dataId, variable);
    for (const { name, variable, value } of bound.values()) {
      const dataId = symbolicBackend.make(value, `the variable ${name}`, this);
      announceData(dataId, { backend: symbolicBackend, dtype: variable.dtype, shape: variable.shape, bytes: 0 });
      pointVariable(variable, dataId);
    }
    return [...bound.values()];
  }

  private checkNoNewVariables(before: ReadonlySet<tf.Variable>): void {
    const made = liveVariables().filter((variable) => !before.has(variable));
    if (made.length === 0) return;
    const names = made.map(({ name }) => name).join(', ');
    tf.dispose(made);
    throw new TraceError(`the step makes variables (${names}): make them before, in the model's constructor`);
  }

  private input(source: InputSource, shape: readonly number[], dtype: tf.DataType): V {
    const name = nameOf(source);
    const type = compiledType(dtype);
    const value = this.target.input(name, shape, type);
    if (this.numbers.has(value)) return value;
    this.record(`input ${name}`, `${type}[${shape}]`);
    this.numberOf(value);
    this.inputs.push({ source, value });
    return value;
  }

  private inputTensor(source: InputSource, shape: readonly number[], dtype: tf.DataType): tf.Tensor {
    return this.tensorOf(this.input(source, shape, dtype), nameOf(source));
  }

  private tensorOf(value: V, origin: string): tf.Tensor {
    const info = {
      dataId: symbolicBackend.make(value, origin),
      shape: [...value.shape],
      dtype: value.dtype as tf.DataType,
    };
    return tensorOf(info, symbolicBackend);
  }

  /** What a tensor stands for; one from outside of the step is a constant, or an input if it is a variable. */
  private valueOf({ dataId, shape, dtype }: tf.TensorInfo): V {
    const symbolic = symbolicBackend.symbolic(dataId);
    if (symbolic === undefined) return this.target.reshape(this.capture({ dataId, shape, dtype }), shape);
    if (symbolic.trace !== (this as ActiveTrace)) throw leaked(symbolic);
    return this.target.reshape(symbolic.value as V, shape);
  }

  private capture({ dataId, dtype }: tf.TensorInfo): V {
    const known = this.captured.get(dataId);
    if (known !== undefined) return known;
    const info = dataInfo(dataId);
    if (info === undefined) throw new TraceError('the step uses a tensor that is disposed', userLine());
    const variable = this.others.get(dataId);
    const value =
      variable === undefined
        ? this.constant(info.backend.readSync(dataId), info.shape, dtype)
        : this.input({ kind: 'variable', variable }, variable.shape, variable.dtype);
    this.captured.set(dataId, value);
    return value;
  }

  private random(): StepRandom {
    const draw = (kind: 'uniform' | 'normal', shape: readonly number[]): tf.Tensor => {
      this.record(`random ${kind}`, `[${shape}]`);
      return this.tensorOf(this.target[kind](shape), 'random numbers');
    };
    const refuse = (what: string): never => {
      throw new TraceError(
        `${what} draws on the host, so that a compiled step would have the same numbers every time: use tf.randomUniform, ` +
          'tf.randomNormal or tf.dropout, or put the numbers into the batch',
        userLine(),
      );
    };
    return {
      uniform: (shape) => draw('uniform', shape),
      normal: (shape) => draw('normal', shape),
      number: () => refuse('Math.random()'),
      unrecognised: refuse,
    };
  }

  private record(what: string, details: string): void {
    this.recording.add(what, details, this.locate ? userLine() : '');
  }

  /** Values by the order in which they were first seen: the same in two traces of the same steps. */
  private numberOf(value: V): number {
    const known = this.numbers.get(value);
    if (known !== undefined) return known;
    this.numbers.set(value, this.numbers.size);
    return this.numbers.size - 1;
  }
}

function nameOf(source: InputSource): string {
  switch (source.kind) {
    case 'batch':
      return `batch/${source.index}`;
    case 'number':
      return `number/${source.name}`;
    case 'state':
      return `state/${source.name}`;
    case 'variable':
      return `variable/${source.variable.name}`;
  }
}

function compiledType(dtype: string): CompiledType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new TraceError(`tensors of type ${dtype} cannot be part of a compiled step`, userLine());
}

function hostArray(values: ArrayLike<number | boolean>, dtype: CompiledType): HostArray {
  if (dtype === 'float32') return values instanceof Float32Array ? values : Float32Array.from(values, Number);
  if (dtype === 'int32') return values instanceof Int32Array ? values : Int32Array.from(values, Number);
  return values instanceof Uint8Array ? values : Uint8Array.from(values, Number);
}

function mapTensors(batch: Batch, map: (tensor: tf.Tensor) => tf.Tensor): Batch {
  const mapped = (value: BatchValue): BatchValue => {
    if (value instanceof tf.Tensor) return map(value);
    if (Array.isArray(value)) return value.map(mapped);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, mapped(entry)]));
  };
  return mapped(batch) as Batch;
}

/** tfjs's own words for a kernel that nobody has. */
function explained(error: unknown): unknown {
  const kernel = /Cannot find registered kernel '(\w+)' for backend/.exec(messageOf(error))?.[1];
  if (kernel === undefined) return error;
  return new TraceError(`tf.${kernel} cannot be part of a compiled step`, '', { cause: error });
}
