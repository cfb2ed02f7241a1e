import * as tf from '@tensorflow/tfjs-core';

import { messageOf } from '../config/show.js';
import type { Program, RunRequest } from '../contracts/engine.js';
import { withStepRandom } from '../random/step-random.js';
import type { StepRandom } from '../random/step-random.js';
import type { NamedState } from '../state/named-state.js';
import { BoundVariables } from './bound-variables.js';
import { mapTensors } from './map-tensors.js';
import { attributesText, fingerprint, Recording } from './recording.js';
import { registerKernels, SYMBOLIC, symbolicBackend } from './symbolic-backend.js';
import type { ActiveTrace } from './symbolic-backend.js';
import { hostArray, NotCompilableError } from './target.js';
import type { CompiledType, HostArray, SymbolicValue, TraceTarget } from './target.js';
import { dataInfo, onBackend, tensorOf, uncounted } from './tfjs-internals.js';
import type { DataId } from './tfjs-internals.js';
import { TraceError } from './trace-error.js';
import { TracedState } from './traced-state.js';
import { userLine, userLineOf } from './user-line.js';

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
  /** The temporaries that the program looked for, undefined where there was none: with others it is another program. */
  readonly temporaries: ReadonlyMap<string, SymbolicValue | undefined>;
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

/** For a program that is given no key, and so has other numbers in every run. */
const noRandom: StepRandom = { uniform: undrawn, normal: undrawn, number: undrawn };

function undrawn(): never {
  throw symbolicBackend.refusal(
    'random numbers are drawn in a program that has no key for them (validation, evaluation and prediction have none), so ' +
      'that it would have the same numbers every time: draw only where mode.training of forward() is true, or put the ' +
      'numbers into the batch',
  );
}

/** What to do about what no engine compiles. */
const ELSEWHERE = 'Compute it before the step, as a field of the batch, or run with the engine "eager"';

class Trace<V extends SymbolicValue> implements ActiveTrace {
  refused: TraceError | undefined;
  readonly assignedAt = new Map<DataId, string>();
  private readonly recording = new Recording();
  private readonly inputs: TracedInput<V>[] = [];
  private readonly numbers = new Map<V, number>();
  private readonly captured = new Map<DataId, V>();
  private variables: BoundVariables<V> | undefined;

  constructor(
    private readonly target: TraceTarget<V>,
    private readonly state: NamedState,
    private readonly locate: boolean,
  ) {}

  run(program: Program, request: RunRequest): TracedProgram<V> {
    if (symbolicBackend.active !== undefined) throw symbolicBackend.refusal('a step cannot run another step');
    registerKernels([]);
    symbolicBackend.active = this;
    try {
      let traced: TracedProgram<V> | undefined;
      const inScope = (): void => void tf.tidy(() => void (traced = this.traced(program, request)));
      uncounted(() => onBackend(SYMBOLIC, symbolicBackend, inScope));
      return traced!;
    } catch (error) {
      throw this.refused ?? explained(error);
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
    // a clone stands for what it is a clone of: a variable that is put back after a while has not changed
    if (name === 'Identity') return entries[0]![1];
    try {
      return this.target.kernel(name, Object.fromEntries(entries), attributes);
    } catch (error) {
      const operands = entries.map(([, { dtype, shape }]) => `${dtype}[${shape}]`).join(', ');
      const why =
        error instanceof NotCompilableError ? `${error.message}. ${ELSEWHERE}` : `it failed: ${messageOf(error)}`;
      throw symbolicBackend.refusal(`the operation ${name}(${operands}) cannot be part of a compiled step: ${why}`, {
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
    return value === undefined ? undefined : this.target.constantData(value as V);
  }

  private traced(program: Program, request: RunRequest): TracedProgram<V> {
    const { batch = {}, numbers = {}, random, parameters = 'raw' } = request;
    const inputOf = (name: string, { shape, dtype }: tf.Variable): V =>
      this.input({ kind: 'state', name }, shape, dtype);
    const variables = new BoundVariables<V>(this, this.state, parameters, inputOf);
    this.variables = variables;
    try {
      let index = 0;
      const symbolicBatch = mapTensors(batch, (tensor, path) => {
        const { shape, dtype } = tensor;
        const source = { kind: 'batch', index: index++ } as const;
        // what is of another type is refused once it is used
        if (!isCompiledType(dtype)) return tensor;
        return this.tensorOf(this.input(source, shape, dtype), `the batch's ${path}`);
      });
      const scalars = Object.fromEntries(
        Object.keys(numbers).map((name) => {
          const value = this.input({ kind: 'number', name }, [], 'float32');
          return [name, this.tensorOf(value, `the number ${name}`) as tf.Scalar];
        }),
      );
      const state = new TracedState<V>(this.state, {
        valueOf: (tensor) => this.valueOf(tensor),
        tensorOf: (value, origin) => this.tensorOf(value, origin),
        temporary: (name, { shape, dtype }) => this.input({ kind: 'state', name }, shape, dtype),
      });
      const compute = (): Record<string, tf.Tensor> => program.run({ batch: symbolicBatch, numbers: scalars }, state);
      const results = withStepRandom(random === undefined ? noRandom : this.random(), compute);
      if (results instanceof Promise) {
        results.catch(() => undefined);
        throw new TraceError(`the program "${program.name}" is asynchronous: a step is one synchronous function`);
      }
      if (this.refused !== undefined) throw this.refused;
      const outputs = new Map(
        Object.entries(results).map(([name, tensor]) => [name, this.valueOf(tensor, `the output "${name}"`)]),
      );
      variables.check((variable) => this.valueOf(variable));
      const { writes, temporaries } = state;
      const { recording, inputs } = this;
      return { name: program.name, inputs, outputs, guards: program.guards, writes, temporaries, recording };
    } finally {
      variables.release();
    }
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

  private tensorOf(value: V, origin: string): tf.Tensor {
    const info = {
      dataId: symbolicBackend.make(value, origin),
      shape: [...value.shape],
      dtype: value.dtype as tf.DataType,
    };
    return tensorOf(info, symbolicBackend);
  }

  /** What a tensor stands for; one from outside of the step is a constant, or an input if it is a variable. */
  private valueOf({ dataId, shape, dtype }: tf.TensorInfo, what?: string): V {
    const symbolic = symbolicBackend.symbolic(dataId);
    if (symbolic !== undefined && symbolic.trace !== (this as ActiveTrace))
      throw symbolicBackend.leaked(symbolic, what);
    const value = (symbolic?.value as V | undefined) ?? this.capture({ dataId, shape, dtype });
    return this.target.reshape(value, shape);
  }

  private capture({ dataId, dtype }: tf.TensorInfo): V {
    const known = this.captured.get(dataId);
    if (known !== undefined) return known;
    const variable = this.variables?.other(dataId);
    const value =
      variable === undefined
        ? this.outsider(dataId, dtype)
        : this.input({ kind: 'variable', variable }, variable.shape, variable.dtype);
    this.captured.set(dataId, value);
    return value;
  }

  private outsider(dataId: DataId, dtype: tf.DataType): V {
    const info = dataInfo(dataId);
    if (info === undefined) throw symbolicBackend.refusal('the step uses a tensor that is disposed');
    compiledType(dtype);
    return this.constant(info.backend.readSync(dataId), info.shape, dtype);
  }

  private random(): StepRandom {
    const draw = (kind: 'uniform' | 'normal', shape: readonly number[]): tf.Tensor => {
      this.record(`random ${kind}`, `[${shape}]`);
      return this.tensorOf(this.target[kind](shape), 'random numbers');
    };
    const refuse = (what: string): never => {
      throw symbolicBackend.refusal(
        `${what} draws on the host, so that a compiled step would have the same numbers every time: use tf.randomUniform, ` +
          'tf.randomNormal or tf.dropout, or put the numbers into the batch',
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

function isCompiledType(dtype: string): dtype is CompiledType {
  return dtype === 'float32' || dtype === 'int32' || dtype === 'bool';
}

function compiledType(dtype: string): CompiledType {
  if (isCompiledType(dtype)) return dtype;
  throw symbolicBackend.refusal(`a tensor of type ${dtype} cannot be part of a compiled step. ${ELSEWHERE}`);
}

/** tfjs's own words for a kernel that nobody has. */
function explained(error: unknown): unknown {
  const kernel = /Cannot find registered kernel '(\w+)' for backend/.exec(messageOf(error))?.[1];
  if (kernel === undefined) return error;
  const where = userLineOf((error as Error).stack ?? '');
  return new TraceError(`the operation ${kernel} cannot be part of a compiled step. ${ELSEWHERE}`, where, {
    cause: error,
  });
}
